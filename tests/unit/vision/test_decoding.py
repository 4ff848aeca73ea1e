"""Pictures are decoded once: what is kept on the disk is the same, found again, bounded, and mended."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fourfold.core.errors import DataError
from fourfold.vision.data import decoding, read
from fourfold.vision.data.decoding import decode_all


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FOURFOLD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def files(folder: Path, count: int = 6) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{k}.png" for k in range(count)]
    for k, path in enumerate(paths):
        Image.new("RGB", (20, 10 + k), (k, 0, 0)).save(path)
    paths[2].write_bytes(b"no image")
    return paths


def test_what_is_kept_is_what_was_decoded(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = files(tmp_path / "images")
    plain, errors = decode_all(paths, 8)
    kept, kept_errors = decode_all(paths, 8, in_memory=0)
    assert isinstance(kept.array, np.memmap) and (kept[:] == plain[:]).all() and kept_errors == errors
    assert kept.sizes.tolist() == plain.sizes.tolist() == [[20, 10], [20, 11], [0, 0], [20, 13], [20, 14], [20, 15]]
    monkeypatch.setattr(decoding, "decode", lambda *_: pytest.fail("decoded again"))
    moved = [path.rename(path.with_name(f"x{path.name}")) for path in paths]
    assert (decode_all(moved, 8, in_memory=0)[0][:] == plain[:]).all(), "the name is no matter"


def test_other_content_or_side_is_another_entry(tmp_path: Path, cache: Path) -> None:
    paths = files(tmp_path / "images")
    decode_all(paths, 8, in_memory=0)
    decode_all(paths, 16, in_memory=0)
    Image.new("RGB", (20, 10), (77, 0, 0)).save(paths[0])
    assert decode_all(paths, 8, in_memory=0)[0][0][0, 0, 0] == 77
    assert len(list(cache.iterdir())) == 3


@pytest.mark.parametrize("name", ["pixels.npy", "facts.json"])
def test_a_spoiled_entry_is_made_again(tmp_path: Path, cache: Path, name: str) -> None:
    paths = files(tmp_path / "images")
    plain = decode_all(paths, 8, in_memory=0)[0][:]
    file = next(cache.rglob(name))
    file.write_bytes(file.read_bytes()[:20])
    assert (decode_all(paths, 8, in_memory=0)[0][:] == plain).all()
    assert json.loads(next(cache.rglob("facts.json")).read_text())["coloured"]


def test_rows_are_taken_without_being_read(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "IN_MEMORY", 0)
    monkeypatch.setattr(decoding.decode_all, "__defaults__", (0,))
    examples = read(files(tmp_path / "images"))
    some = examples.take(np.array([3, 1]))
    assert isinstance(some.inputs.array, np.memmap) and some.inputs[:][:, 0, 0, 0].tolist() == [3, 1]


def test_a_limit_that_was_lifted_is_another_entry(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = files(tmp_path / "images")
    with monkeypatch.context() as patch:
        patch.setattr(Image, "MAX_IMAGE_PIXELS", 210)
        assert decode_all(paths, 8, in_memory=0)[1].keys() == {1, 2, 3, 4, 5}
    assert decode_all(paths, 8, in_memory=0)[1].keys() == {2}


def test_a_full_disk_is_told_before_anything_is_written(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(decoding.os, "posix_fallocate", full)
    with pytest.raises(
        DataError, match=r"no room for 0\.0 GB of pixels \(No space left on device\); make room, or name"
    ):
        decode_all(files(tmp_path / "images"), 8, in_memory=0)
    assert not list(cache.iterdir())
