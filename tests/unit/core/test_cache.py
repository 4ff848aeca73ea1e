"""The cache: whole or not there, bounded, and never in the way."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from fourfold.core import cache as module
from fourfold.core.cache import Cache, user_cache
from fourfold.core.errors import ConfigError, DataError


def writing(size: int, calls: list[int] | None = None) -> object:
    def make(folder: Path) -> None:
        (folder / "x").write_bytes(bytes(size))
        if calls is not None:
            calls.append(1)

    return make


def test_it_is_made_once(tmp_path: Path) -> None:
    calls: list[int] = []
    for _ in range(3):
        folder = Cache(tmp_path, 1000).folder("a", writing(10, calls))
    assert len(calls) == 1 and (folder / "x").stat().st_size == 10


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        Cache(tmp_path, 1000).folder("a", fail)
    assert list(tmp_path.iterdir()) == []


def test_the_least_recently_used_goes(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 2_900)
    for number, key in enumerate("abc"):
        cache.folder(key, writing(800))
        os.utime(tmp_path / key, (number, number))
    cache.folder("a", writing(800))  # used again
    cache.folder("d", writing(800))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "c", "d"]


def test_what_is_larger_than_the_limit_is_kept_alone(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 100)
    cache.folder("a", writing(50))
    assert (cache.folder("large", writing(500)) / "x").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["large"]


def test_what_a_killed_process_left_goes_after_a_day(tmp_path: Path) -> None:
    for name, age in ((".writing-old", 2 * 86400), (".writing-new", 0)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    Cache(tmp_path, 1000).folder("a", writing(1))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".writing-new", "a"]


def test_the_scratch_of_another_machine_stays_while_something_is_written_to_it(tmp_path: Path) -> None:
    """Also of one whose name begins like that of this machine."""
    prefix, old = module._prefix().removesuffix("@"), time.time() - 2 * 86400
    for name in (f"{prefix}-2@in-use", ".writing-written-to", ".writing-left"):
        (tmp_path / name).mkdir()
    (tmp_path / ".writing-written-to" / "tokens").write_text("")
    for name in (".writing-written-to", ".writing-left"):
        os.utime(tmp_path / name, (old, old))
    Cache(tmp_path, 1000).scratch().close()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([f"{prefix}-2@in-use", ".writing-written-to"])


def test_what_another_process_removes_meanwhile_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path, 1000)
    cache.folder("a", writing(10))

    def walk(folder: Path, real: object = os.walk) -> object:
        for found in real(folder):  # type: ignore[operator]
            if folder == tmp_path / "a":
                (folder / "x").unlink(missing_ok=True)
            yield found

    monkeypatch.setattr(os, "walk", walk)
    assert (cache.folder("b", writing(10)) / "x").exists()


def test_what_a_killed_process_left_goes_with_the_next_scratch_folder(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 1000)
    held, killed = cache.scratch(), cache.scratch()
    os.close(killed.close.detach()[2][1])  # as the system does when a process ends
    mine = cache.scratch()
    assert sorted(tmp_path.iterdir()) == sorted([held.folder, mine.folder])
    del held
    mine.close()
    assert list(tmp_path.iterdir()) == []


def test_a_forked_process_holds_a_scratch_folder_and_does_not_remove_it(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 1000)
    scratch = cache.scratch()
    child = os.fork()
    if not child:
        scratch.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0 and scratch.folder.is_dir()


@pytest.mark.parametrize("damage", ["flip", "cut", "remove", "seal"])
def test_what_was_damaged_is_made_anew(damage: str, tmp_path: Path) -> None:
    cache, calls = Cache(tmp_path, 1000), []
    (cache.folder("a", writing(100, calls)) / "y").write_text("of no concern")
    path = tmp_path / "a" / ("hashes.json" if damage == "seal" else "x")
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 4
    {
        "flip": lambda: path.write_bytes(raw), "seal": lambda: path.write_bytes(raw),
        "cut": lambda: path.write_bytes(raw[:-1]), "remove": path.unlink,
    }[damage]()  # fmt: skip
    found = cache.opened("a", writing(100, calls), lambda folder: (folder / "x").read_bytes())
    assert found == bytes(100) and len(calls) == 2


def test_what_is_damaged_and_cannot_be_removed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As another user's in a folder where each may remove only what is his."""
    cache = Cache(tmp_path, 1000)
    (cache.folder("a", writing(10)) / "x").write_text("damaged")

    def rename(path: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(DataError) as error:
        cache.folder("a", writing(10))
    assert str(error.value) == (
        f"{tmp_path}/a: damaged, and cannot be removed (Operation not permitted); remove it, or name another folder in "
        "FOURFOLD_CACHE"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_what_another_process_has_mended_meanwhile_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, calls = Cache(tmp_path, 1000), []
    (cache.folder("a", writing(10)) / "x").write_text("damaged")

    def found_by_both(folder: Path, files: object, real: object = module._damage) -> str:
        monkeypatch.setattr(module, "_damage", real)
        why: str = real(folder, files)  # type: ignore[operator]
        cache.folder("a", writing(10, calls))  # the other is faster
        return why

    monkeypatch.setattr(module, "_damage", found_by_both)
    assert (cache.folder("a", writing(10, calls)) / "x").read_bytes() == bytes(10)
    assert len(calls) == 1 and [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_process_compares_the_hashes_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, compared = Cache(tmp_path, 1000), []
    monkeypatch.setattr(module, "damage", lambda folder, real=module.damage: compared.append(1) or real(folder))
    for _ in range(3):
        folder = cache.folder("a", writing(10))
    assert len(compared) == 1
    os.utime(folder / "x", (1, 1))  # as if it were written again
    assert cache.folder("a", writing(10)) == folder and len(compared) == 2


def test_what_cannot_be_read_back_is_said(tmp_path: Path) -> None:
    def read(folder: Path) -> None:
        raise OSError(5, "Input/output error")

    calls: list[int] = []
    with pytest.raises(DataError) as error:
        Cache(tmp_path, 1000).opened("a", writing(10, calls), read)
    assert len(calls) == 2 and str(error.value) == (
        f"{tmp_path}/a: cannot be read back; check the disk, or name another folder in FOURFOLD_CACHE"
    )


def test_two_at_once_get_the_same(tmp_path: Path) -> None:
    both = threading.Barrier(2)
    found: list[Path] = []

    def run() -> None:
        def make(folder: Path) -> None:
            both.wait(10)
            (folder / "x").write_text("1")

        found.append(Cache(tmp_path, 1000).folder("a", make))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [tmp_path / "a"] * 2 and [path.name for path in tmp_path.iterdir()] == ["a"]


def test_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOURFOLD_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_cache() == Cache(tmp_path / "fourfold", 20_000_000_000)
    monkeypatch.setenv("FOURFOLD_CACHE", str(tmp_path / "mine"))
    monkeypatch.setenv("FOURFOLD_CACHE_GB", "0.5")
    assert user_cache() == Cache(tmp_path / "mine", 500_000_000)
    monkeypatch.setenv("FOURFOLD_CACHE_GB", "much")
    with pytest.raises(ConfigError, match=r"FOURFOLD_CACHE_GB \(much\) must be a number of gigabytes"):
        user_cache()


def test_a_home_that_cannot_be_written_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.delenv("FOURFOLD_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    root = user_cache().root
    assert root.is_dir() and root == user_cache().root
    monkeypatch.setenv("FOURFOLD_CACHE", str(tmp_path / "file" / "x"))
    with pytest.raises(ConfigError, match=r"FOURFOLD_CACHE \(.*\): cannot be written"):
        user_cache()
