"""Archives are read like the folders in them, and can do no harm."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fourfold.core.errors import DataError
from fourfold.vision import ImageClassifier
from fourfold.vision.data import archives, read
from fourfold.vision.data.archives import is_archive, top_folders, unpack


def png(grey: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (16, 16), grey).save(buffer, "PNG")
    return buffer.getvalue()


FILES = {"pets/cat/a.png": png(1), "pets/cat/b.png": png(2), "pets/dog/c.png": png(3)}


def archive(path: Path, files: dict[str, bytes]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as made:
            for name, content in files.items():
                made.writestr(name, content)
        return path
    with tarfile.open(path, "w:" + path.suffix.lstrip(".").replace("tar", "")) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


@pytest.mark.parametrize("name", ["pets.zip", "pets.tar", "pets.tar.gz", "pets.tar.xz", "pets.tar.bz2"])
def test_an_archive_is_read_like_its_folder(tmp_path: Path, name: str) -> None:
    examples = read(archive(tmp_path / name, FILES))
    assert examples.labels is not None
    assert examples.labels.tolist() == ["cat", "cat", "dog"]
    assert examples.inputs[:][:, 0, 0, 0].tolist() == [1, 2, 3]
    assert (examples.name, examples.place(2)) == (name, "pets/dog/c.png")


@pytest.mark.parametrize(("made", "called"), [("a.tar", "b.tar.gz"), ("a.tar.gz", "b.tar"), ("a.tar.xz", "b.tgz")])
def test_a_tar_is_told_by_how_it_begins(made: str, called: str, tmp_path: Path) -> None:
    path = archive(tmp_path / made, FILES).rename(tmp_path / called)
    assert len(read(path)) == 3


def test_a_part_of_an_archive_and_a_table_in_one(tmp_path: Path) -> None:
    files = {f"{part}/{name}": content for part in ("train", "val") for name, content in FILES.items()}
    path = archive(tmp_path / "both.zip", {name.replace("pets/", ""): content for name, content in files.items()})
    assert top_folders(path) == ["train", "val"]
    assert len(read(f"{path}:val")) == 3
    with pytest.raises(DataError, match=r"both\.zip: no folder 'test' in it; check the name"):
        read(f"{path}:test")
    listed = archive(tmp_path / "listed.zip", {"l.csv": b"path,label\nx/a.png,cat\n", "x/a.png": png(7)})
    assert read(listed).inputs[0][0, 0, 0] == 7


def test_names_that_lead_out_are_refused_and_counted(tmp_path: Path) -> None:
    hostile = {"../evil.png": png(9), "/etc/evil.png": png(9), "cat/../../evil.png": png(9), "C:\\evil.png": png(9)}
    for name in ("pets.zip", "pets.tar"):
        examples = read(archive(tmp_path / name, FILES | hostile))
        assert len(examples) == 3 + len(hostile)
        assert [examples.errors[row] for row in range(3, 7)] == [
            "its name leads out of the archive; make the archive again"
        ] * 4
        assert examples.place(3) == "../evil.png"
    assert not list(tmp_path.rglob("evil.png")) and not Path("/etc/evil.png").exists()


def test_links_and_devices_are_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "pets.tar", FILES)
    with tarfile.open(path, "a") as tar:
        for name, kind in (("pets/cat/link.png", tarfile.SYMTYPE), ("pets/cat/null.png", tarfile.CHRTYPE)):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            tar.addfile(entry)
    (tmp_path / "out").mkdir()
    refused = unpack(path, tmp_path / "out")
    assert refused == dict.fromkeys(
        ("pets/cat/link.png", "pets/cat/null.png"), "a link or a device, no file; put the image itself into the archive"
    )
    zipped = archive(tmp_path / "pets.zip", FILES)
    with zipfile.ZipFile(zipped, "a") as made:
        info = zipfile.ZipInfo("pets/cat/link.png")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(info, "/etc/passwd")
    assert unpack(zipped, tmp_path / "out") == {"pets/cat/link.png": "a link; put the image itself into the archive"}


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_ALWAYS_FINE", 10_000)
    monkeypatch.setattr(archives, "LARGEST_FILE", 500_000)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("cat/a.png", png(1))
        for k in range(5):
            made.writestr(f"cat/{k}.png", bytes(400_000))
        made.writestr("cat/large.png", bytes(600_000))
    (tmp_path / "out").mkdir()
    refused = unpack(path, tmp_path / "out")
    written = sum(file.stat().st_size for file in (tmp_path / "out").rglob("*.png"))
    assert written <= 200 * path.stat().st_size
    assert refused["cat/4.png"] == "bomb.zip unpacks to more than 200 times its size; unpack it yourself"
    assert refused["cat/large.png"] == "600,000 bytes, more than 500,000; scale the image down"


def test_a_bomb_of_tar_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_ALWAYS_FINE", 10_000)
    monkeypatch.setattr(archives, "_AT_ONCE", 10_000)
    path = archive(
        tmp_path / "bomb.tar.bz2", {"cat/a.png": png(1), "cat/b.png": bytes(50_000_000), "cat/c.png": png(2)}
    )
    (tmp_path / "out").mkdir()
    for look in (lambda: unpack(path, tmp_path / "out"), lambda: top_folders(path)):
        with pytest.raises(
            DataError, match=r"^bomb\.tar\.bz2 unpacks to more than 200 times its size; unpack it yourself$"
        ):
            look()


def test_a_header_of_tar_may_not_be_large(tmp_path: Path) -> None:
    path = tmp_path / "long.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        entry = tarfile.TarInfo("././@LongLink")
        entry.type, entry.size = tarfile.GNUTYPE_LONGNAME, 3_000_000
        tar.addfile(entry, io.BytesIO(bytes(3_000_000)))
    with pytest.raises(DataError, match=r"^long\.tar\.gz: a header of 3,000,\d+ bytes; make the archive again$"):
        read(path)


@pytest.mark.parametrize("name", ["many.zip", "many.tar.gz"])
def test_more_files_than_there_is_room_for_images_are_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_MANY", 50)
    monkeypatch.setattr(archives, "_LEAST_BYTES", 1000)
    path = archive(tmp_path / name, {f"cat/{k}.png": b"" for k in range(60)})
    with pytest.raises(DataError, match=r"^many\.\S+: more than 50 files, too many for its size; unpack it yourself$"):
        read(path)


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_no_file_can_have_are_refused_by_themselves(kind: str, tmp_path: Path) -> None:
    names = {f"cat/{'x' * 300}.png": png(9), "cat/a.png/b.png": png(9)}
    examples = read(archive(tmp_path / f"pets.{kind}", {"cat/a.png": png(1), "dog/c.png": png(3)} | names))
    assert len(examples) == 4 and examples.labels is not None
    assert {examples.place(row) for row in examples.errors} == set(names)
    assert all("no name for a file here" in why and why.endswith("; rename it") for why in examples.errors.values())


def test_what_a_mac_puts_there_is_no_class(tmp_path: Path) -> None:
    more = {"__MACOSX/cat/._a.png": b"x", "cat/._a.png": b"x"}
    examples = read(archive(tmp_path / "pets.zip", {"cat/a.png": png(1), "dog/c.png": png(3)} | more))
    assert examples.labels is not None and examples.labels.tolist() == ["cat", "dog"]


def test_a_table_in_an_archive_names_only_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(png(9))
    lines = f"path,label\nx/a.png,cat\n{tmp_path}/secret.png,dog\n../../secret.png,dog\n"
    examples = read(archive(tmp_path / "listed.zip", {"l.csv": lines.encode(), "x/a.png": png(7)}))
    why = "it leads out of the folder; put the image itself there"
    assert examples.errors == {1: why, 2: why} and examples.inputs[0][0, 0, 0] == 7


@pytest.mark.parametrize("name", ["pets.zip", "pets.tar.gz", "pets.tar.xz"])
def test_a_cut_archive_is_told(tmp_path: Path, name: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, 50_000, dtype=np.uint8).tobytes()
    path = archive(tmp_path / name, FILES | {"pets/cat/noise.png": noise})
    path.write_bytes(path.read_bytes()[:-30_000])
    with pytest.raises(DataError, match=r"pets\.\S+: a damaged archive \(.*\); make it again"):
        read(path)
    with pytest.raises(DataError, match=r"pets\.\S+: a damaged archive"):
        ImageClassifier("linear").fit(path)


def test_a_password_is_told(tmp_path: Path) -> None:
    path = archive(tmp_path / "pets.zip", FILES)
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    path.write_bytes(bytes(content))
    assert read(path).errors == {2: "encrypted; make the archive without a password"}
    whole = archive(tmp_path / "all.zip", {"cat/a.png": png(1)})
    content = bytearray(whole.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    whole.write_bytes(bytes(content))
    with pytest.raises(DataError) as error:
        read(whole)
    assert str(error.value) == (
        "all.zip: nothing in it can be read; cat/a.png: encrypted; make the archive without a password"
    )


def test_what_an_archive_is_called() -> None:
    assert is_archive(Path("a.TAR.GZ")) and not is_archive(Path("a.csv.gz")) and not is_archive(Path("a.png"))
