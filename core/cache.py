"""Work kept on the disk between runs: folders under one root, each named by a hash of what it was made from.

The root is the folder in `FOURFOLD_CACHE`, else `fourfold` in the user's cache folder. What was not used for the
longest time goes when all takes more than `FOURFOLD_CACHE_GB` (20).
"""

from __future__ import annotations

import functools
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .errors import BadEnvironment
from .files import remove_with

_GIGABYTES = 20.0
_UNFINISHED, _KEPT = ".writing-", "kept-"
_STALE = 24 * 3600.0


@dataclass(frozen=True)
class Cache:
    """The folders under `root`, of at most `limit` bytes together.

    >>> with tempfile.TemporaryDirectory() as root:
    ...     cache = Cache(Path(root), 1000)
    ...     made = [cache.folder("key", lambda folder: (folder / "x").write_text("1")) for _ in range(2)]
    ...     made[0] == made[1], made[0].name, (made[0] / "x").read_text()
    (True, 'key', '1')
    """

    root: Path
    limit: int

    def folder(self, key: str, make: Callable[[Path], object]) -> Path:
        """Return the folder of that key; where there is none, one that `make` has filled.

        It appears whole or not at all, also beside other processes that make the same. What it holds stays readable
        for whoever has it open, even when it is cleaned away. Errors of `make` are passed on.
        """
        found = self.root / key
        if found.is_dir():
            os.utime(found)
            return found
        self.root.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self.root))
        try:
            make(unfinished)
            self.clean(_bytes(unfinished))
            unfinished.rename(found)
        except OSError:
            if not found.is_dir():  # else another process was faster
                raise
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        return found

    def kept(self, name: str) -> Path:
        """Return a folder beside the others that is never cleaned away, for what was downloaded."""
        return self.root / f"{_KEPT}{name}"

    def drop(self, key: str) -> None:
        """Remove the folder of a key, where it turned out to be damaged."""
        shutil.rmtree(self.root / key, ignore_errors=True)

    def clean(self, coming: int = 0) -> None:
        """Make room for so many bytes: remove what a killed process left, then the least recently used."""
        folders = (path for path in self.root.iterdir() if path.is_dir() and not path.name.startswith(_KEPT))
        entries = sorted(folders, key=_used)
        sizes = {path: _bytes(path) for path in entries if not path.name.startswith(_UNFINISHED)}
        for path in entries:
            stale = path.name.startswith(_UNFINISHED) and time.time() - _used(path) > _STALE
            over = path in sizes and sum(sizes.values()) + coming > self.limit
            if stale or over:
                shutil.rmtree(path, ignore_errors=True)
                sizes.pop(path, None)


def user_cache() -> Cache:
    """Return the cache that all runs of this user share; one of this process alone where it cannot be written."""
    return Cache(_root(), int(_limit() * 1e9))


def _root() -> Path:
    given = os.environ.get("FOURFOLD_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    root = Path(given) if given else Path(home) / "fourfold"
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if given:
            raise BadEnvironment(
                f"FOURFOLD_CACHE ({given}): cannot be written ({error.strerror}); name a folder"
            ) from None
    if os.access(root, os.W_OK):
        return root
    return _temporary()


@functools.cache
def _temporary() -> Path:
    """Return a folder that goes when this process ends."""
    root = Path(tempfile.mkdtemp(prefix="fourfold-"))
    remove_with(_temporary, root)
    return root


def _limit() -> float:
    given = os.environ.get("FOURFOLD_CACHE_GB", str(_GIGABYTES))
    try:
        return float(given)
    except ValueError:
        raise BadEnvironment(f"FOURFOLD_CACHE_GB ({given}) must be a number of gigabytes") from None


def _used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another process removed it
        return 0.0


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
