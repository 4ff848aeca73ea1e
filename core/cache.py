"""Work kept on the disk between runs: folders under one root, each named by a hash of what it was made from.

The root is the folder in `FOURFOLD_CACHE`, else `fourfold` in the user's cache folder. What was not used for the
longest time goes when all takes more than `FOURFOLD_CACHE_GB` (20). The hash of every file is compared when a process
takes a folder up, and again where its files changed since: what was damaged is made anew.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import os
import shutil
import stat
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from .errors import BadEnvironment, NoRoom
from .files import UNFINISHED, damage, seal

_GIGABYTES = 20.0
_KEPT = "kept-"
_STALE = 24 * 3600.0
_Read = TypeVar("_Read")


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
        """Return the folder of that key; where there is none, or one that was damaged, one that `make` has filled.

        It appears whole or not at all, also beside other processes that make the same. What it holds stays readable
        for whoever has it open, even when it is cleaned away. Errors of `make` are passed on.
        """
        found = self.root / key
        if not _whole(found):
            self._set_aside(found)
        if found.is_dir():  # whole, or whole again by another process
            with contextlib.suppress(OSError):  # another user's
                os.utime(found)
            return found
        scratch = self.scratch()
        try:
            make(scratch.folder)
            with room_for("what is kept", self.root):
                seal(scratch.folder, durable=False)  # what does not reach the disk will be known by its hash
            with contextlib.suppress(OSError):  # what cannot be cleaned is in nobody's way
                self.clean(_bytes(scratch.folder))
            scratch.folder.rename(found)
        except OSError:
            if not _whole(found):  # else another process was faster
                raise
        finally:
            scratch.close()
        return found

    def _set_aside(self, found: Path) -> None:
        """Remove a damaged folder, by a name at which no other process looks; one that was mended meanwhile goes back.

        Raises DataError where that is not allowed.
        """
        if not found.is_dir():
            return
        with contextlib.closing(self.scratch()) as scratch:
            try:
                found.rename(scratch.folder)
            except FileNotFoundError:
                return
            except OSError as error:
                raise NoRoom(
                    f"{found}: damaged, and cannot be removed ({error.strerror or error}); remove it, or name another "
                    "folder in FOURFOLD_CACHE"
                ) from None
            if not damage(scratch.folder):
                with contextlib.suppress(OSError):  # another is there
                    scratch.folder.rename(found)

    def opened(self, key: str, make: Callable[[Path], object], read: Callable[[Path], _Read]) -> _Read:
        """Return what `read` has of the folder of that key; where another process cleans it away meanwhile, it is made
        again. Raises DataError where it cannot be read all the same."""
        for _ in range(2):
            folder = self.folder(key, make)
            with contextlib.suppress(OSError, ValueError, KeyError):
                return read(folder)
            shutil.rmtree(folder, ignore_errors=True)
        raise NoRoom(
            f"{self.root / key}: cannot be read back; check the disk, or name another folder in FOURFOLD_CACHE"
        )

    def scratch(self) -> Scratch:
        """Return a folder for what this process alone needs."""
        with room_for("a folder", self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            return Scratch(self.root)

    def kept(self, name: str) -> Path:
        """Return a folder beside the others that is never cleaned away, for what was downloaded."""
        return self.root / f"{_KEPT}{name}"

    def clean(self, coming: int = 0) -> None:
        """Make room for so many bytes: remove what killed processes left, then the least recently used."""
        _sweep(self.root)
        folders = (path for path in self.root.iterdir() if path.is_dir() and not path.name.startswith((_KEPT, ".")))
        entries = sorted(folders, key=_used)
        sizes = {path: _bytes(path) for path in entries}
        for path in entries:
            if sum(sizes.values()) + coming > self.limit:
                shutil.rmtree(path, ignore_errors=True)
                sizes.pop(path)


class Scratch:
    """A `folder` under `root` that goes with this object, at `close`, or when the program ends.

    It is locked until then: what a killed process left is known by being free, and goes when the next is made.
    """

    def __init__(self, root: Path):
        _sweep(root)
        self.folder, handle = _locked(root)
        self.close = weakref.finalize(self, _give_up, self.folder, handle, os.getpid())


@contextlib.contextmanager
def room_for(what: str, root: Path) -> Iterator[None]:
    """Say as one DataError that there is no room for something below `root`."""
    try:
        yield
    except OSError as error:
        raise NoRoom(
            f"{root}: no room for {what} ({error.strerror or error}); make room, or name another folder in "
            "FOURFOLD_CACHE"
        ) from None


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
    return _temporary().folder


@functools.cache
def _temporary() -> Scratch:
    """Return what holds a folder until this process ends."""
    return Scratch(Path(tempfile.gettempdir()))


def _prefix() -> str:
    """Return how the scratch folders begin of which a lock can tell: those of this kernel, since it was started."""
    try:
        kernel = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        kernel = os.uname().nodename
    return f"{UNFINISHED}{kernel}@"  # which is in no name of a machine


def _locked(root: Path) -> tuple[Path, int]:
    """Return a new folder, and the handle that locks it for this process and those forked from it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_prefix(), dir=root))
        with contextlib.suppress(FileNotFoundError):  # swept away before it was locked
            handle = os.open(folder, os.O_RDONLY)
            with contextlib.suppress(OSError):  # the file system knows no locks
                fcntl.flock(handle, fcntl.LOCK_EX)
            if folder.exists():
                return folder, handle
            os.close(handle)


def _sweep(root: Path) -> None:
    """Remove the scratch folders that nobody holds, and of those of which that cannot be told what nobody has written
    to since yesterday."""
    for path in root.glob(f"{UNFINISHED}*"):
        with _free(path) as free:
            if free or (free is None and time.time() - _written(path) > _STALE):
                shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _free(path: Path) -> Iterator[bool | None]:
    """Say whether nobody holds a folder, None where that cannot be told; while this lasts nobody takes it."""
    if not path.name.startswith(_prefix()):
        yield None
        return
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:  # it went, or is another user's
        yield False
        return
    try:
        yield _taken(handle)
    finally:
        os.close(handle)


def _taken(handle: int) -> bool | None:
    """Lock a folder and return True, or False where another holds it, None where the file system knows no locks."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in (errno.EWOULDBLOCK, errno.EACCES) else None
    return True


def _give_up(folder: Path, handle: int, process: int) -> None:
    if os.getpid() == process:  # a forked one leaves it alone
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


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


def _written(folder: Path) -> float:
    """Return when something below a folder, or it, was last written."""
    return max((one.st_mtime for one in _below(folder).values()), default=0.0)


def _bytes(folder: Path) -> int:
    return sum(one.st_size for one in _below(folder).values() if stat.S_ISREG(one.st_mode))


def _whole(folder: Path) -> bool:
    """Say whether a folder is there as it was sealed: by all hashes at first, then by what the system says of it."""
    if not folder.is_dir():
        return False
    files = {path: one for path, one in _below(folder).items() if stat.S_ISREG(one.st_mode)}
    return not _damage(folder, tuple((path, one.st_ino, one.st_size, one.st_mtime_ns) for path, one in files.items()))


@functools.lru_cache(1000)
def _damage(folder: Path, files: tuple[tuple[Path, int, int, int], ...]) -> str:
    return damage(folder)


def _below(folder: Path) -> dict[Path, os.stat_result]:
    """Return what the system says of a folder and of all below it that no other process removes meanwhile."""
    found = {}
    for where, _, names in os.walk(folder):
        for path in (Path(where), *(Path(where, name) for name in names)):
            with contextlib.suppress(OSError):
                found[path] = path.stat()
    return found
