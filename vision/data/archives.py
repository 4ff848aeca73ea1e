"""Zip and tar archives of images, unpacked into a folder with nothing that an archive may do to a machine."""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from ...core.errors import DamagedFile, DataError, NoRoom, TooLarge
from .folders import HIDDEN
from .pictures import LARGEST_FILE

ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".txz")

LARGEST_RATIO = 200
"""How many times larger than the archive all that is in it may be: images are compressed already."""

_ALWAYS_FINE = 1 << 30
_MANY, _LEAST_BYTES = 100_000, 64
"""An archive of more files than this has at least so many bytes for each: an image has."""

_AT_ONCE = 1 << 20
_DECOMPRESSORS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open,
}  # fmt: skip
"""By how a file begins: its name may say otherwise."""

_NAMES = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EINVAL)
_DAMAGED = (
    OSError, EOFError, ValueError, RuntimeError, NotImplementedError, tarfile.TarError, zipfile.BadZipFile,
    lzma.LZMAError, zlib.error,
)  # fmt: skip


@dataclass(frozen=True)
class _Member:
    """One entry of an archive: its name, the bytes that it says it has, and why it may not be unpacked, if so."""

    name: str
    size: int
    refused: str | None


_Members = Generator[tuple[_Member, IO[bytes]]]


def is_archive(path: Path) -> bool:
    """Tell by the name whether a file is an archive that can be read.

    >>> is_archive(Path("pets.tar.gz")), is_archive(Path("pets.csv.gz"))
    (True, False)
    """
    return path.name.lower().endswith(ENDINGS)


def unpack(path: Path, folder: Path) -> dict[str, str]:
    """Unpack the files of an archive into an empty folder; return why others were refused, by their names.

    Refused are names that lead out of the folder or cannot be a file's, links, devices, and files that are too large.
    Raises DataError where the archive itself cannot be read, or is a bomb.
    """
    refused: dict[str, str] = {}
    room = _room(path)
    with _told(path), _members(path) as members:
        for member, opened in members:
            why = member.refused or _unsafe(member)
            if why is None and member.size > room:
                why = _bomb(path)
            if why is not None:
                refused[member.name] = why
                continue
            room -= member.size
            target = folder / member.name
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                _copy(opened, target, member)
            except OSError as error:
                if error.errno not in _NAMES:
                    raise
                refused[member.name] = f"no name for a file here ({error.strerror}); rename it"
    return refused


def _room(path: Path) -> int:
    """Return the bytes that an archive may unpack to."""
    return max(_ALWAYS_FINE, LARGEST_RATIO * path.stat().st_size)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what the readers of archives raise into DataError."""
    try:
        yield
    except DataError:
        raise
    except _DAMAGED as error:
        if isinstance(error, OSError) and error.errno is not None:  # the disk is full, or the archive is not there
            raise NoRoom(f"{path}: cannot be unpacked ({error.strerror}); make room, or check the path") from None
        raise DamagedFile(f"{path}: a damaged archive ({error}); make it again") from None


def top_folders(path: Path) -> list[str]:
    """Return the names of the folders at the top of an archive; below its one folder, where it has one alone."""
    names: set[PurePosixPath] = set()
    with _told(path), _members(path) as members:
        for member, _ in members:
            if not member.name.startswith(HIDDEN):
                names.add(PurePosixPath(member.name))
    tops = {name.parts[0] for name in names if len(name.parts) > 1}
    if len(tops) == 1 and not any(len(name.parts) == 1 for name in names):
        tops = {name.parts[1] for name in names if len(name.parts) > 2}
    return sorted(tops)


def _unsafe(member: _Member) -> str | None:
    parts = PurePosixPath(member.name.replace("\\", "/")).parts
    if member.name.startswith(("/", "\\")) or ".." in parts or (parts and ":" in parts[0]):
        return "its name leads out of the archive; make the archive again"
    if member.size > LARGEST_FILE:
        return f"{member.size:,} bytes, more than {LARGEST_FILE:,}; scale the image down"
    return None


def _copy(opened: IO[bytes], target: Path, member: _Member) -> None:
    """Write what a member holds, and no more than it says: what lies about its size is cut."""
    left = member.size
    with target.open("wb") as file:
        while left > 0 and (part := opened.read(min(left, 1 << 20))):
            file.write(part)
            left -= len(part)


def _bomb(path: Path) -> str:
    return f"{path.name} unpacks to more than {LARGEST_RATIO} times its size; unpack it yourself"


@contextmanager
def _members(path: Path) -> Iterator[_Members]:
    if path.name.lower().endswith(".zip"):
        with zipfile.ZipFile(path) as archive, closing(_counted(path, _zipped(archive))) as members:
            yield members
        return
    with path.open("rb") as raw:
        begin = raw.read(6)
    decompress = next((one for magic, one in _DECOMPRESSORS.items() if begin.startswith(magic)), open)
    with decompress(path, "rb") as file:
        plain: Any = _Bounded(file, path)
        with tarfile.open(fileobj=plain, mode="r:") as tar, closing(_counted(path, _tarred(tar))) as members:
            yield members


def _counted(path: Path, members: Iterator[tuple[_Member, IO[bytes]]]) -> _Members:
    """Pass the members on; DataError where an archive has more than its bytes can be images."""
    most = max(_MANY, path.stat().st_size // _LEAST_BYTES)
    for number, member in enumerate(members):
        if number == most:
            raise TooLarge(f"{path.name}: more than {most:,} files, too many for its size; unpack it yourself")
        yield member


class _Bounded:
    """An archive's bytes, decompressed no further than there is room, and no more than a megabyte at once.

    tarfile reads a header of whatever size it says, and all of what is passed over.
    """

    def __init__(self, file: IO[bytes], path: Path):
        self.file, self.path, self.room = file, path, _room(path)

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _AT_ONCE:
            raise TooLarge(f"{self.path.name}: a header of {size:,} bytes; make the archive again")
        found = self.file.read(size)
        self._check(self.file.tell())
        return found

    def seek(self, place: int) -> int:
        self._check(place)
        return self.file.seek(place)

    def tell(self) -> int:
        return self.file.tell()

    def _check(self, place: int) -> None:
        if place > self.room + _AT_ONCE:
            raise TooLarge(_bomb(self.path))


def _zipped(archive: zipfile.ZipFile) -> Iterator[tuple[_Member, IO[bytes]]]:
    for info in archive.infolist():
        if info.is_dir():
            continue
        link = stat.S_ISLNK(info.external_attr >> 16)
        why = "a link; put the image itself into the archive" if link else None
        if info.flag_bits & 1:
            why = "encrypted; make the archive without a password"
        member = _Member(info.filename, info.file_size, why)
        if why is not None:
            yield member, io.BytesIO()
            continue
        with archive.open(info) as opened:
            yield member, opened


def _tarred(archive: tarfile.TarFile) -> Iterator[tuple[_Member, IO[bytes]]]:
    for info in archive:
        if info.isdir():
            continue
        opened = archive.extractfile(info) if info.isreg() else None
        if opened is None:
            yield (
                _Member(info.name, 0, "a link or a device, no file; put the image itself into the archive"),
                io.BytesIO(),
            )
        else:
            yield _Member(info.name.removeprefix("./"), info.size, None), opened
