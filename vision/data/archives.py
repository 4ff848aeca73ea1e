"""Zip and tar archives of images, unpacked into a folder with nothing that an archive may do to a machine."""

from __future__ import annotations

import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from ...core.errors import DataError

ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".txz")

LARGEST_FILE = 1 << 28
"""The bytes that one file of an archive may have: 256 MB."""

LARGEST_RATIO = 200
"""How many times larger than the archive all that is in it may be: images are compressed already."""

_ALWAYS_FINE = 1 << 30
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


def is_archive(path: Path) -> bool:
    """Tell by the name whether a file is an archive that can be read.

    >>> is_archive(Path("pets.tar.gz")), is_archive(Path("pets.csv.gz"))
    (True, False)
    """
    return path.name.lower().endswith(ENDINGS)


def unpack(path: Path, folder: Path) -> dict[str, str]:
    """Unpack the files of an archive into an empty folder; return why others were refused, by their names.

    Refused are names that lead out of the folder, links, devices, and files that are too large; the first file after
    which all is too large ends it. Raises DataError where the archive itself cannot be read.
    """
    refused: dict[str, str] = {}
    room = max(_ALWAYS_FINE, LARGEST_RATIO * path.stat().st_size)
    with _told(path), _members(path) as members:
        for member, opened in members:
            why = member.refused or _unsafe(member)
            if why is None and member.size > room:
                why = f"{path.name} unpacks to more than {LARGEST_RATIO} times its size; unpack it yourself"
            if why is not None:
                refused[member.name] = why
                continue
            room -= member.size
            target = folder / member.name
            target.parent.mkdir(parents=True, exist_ok=True)
            _copy(opened, target, member)
    return refused


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what the readers of archives raise into DataError."""
    try:
        yield
    except _DAMAGED as error:
        if isinstance(error, OSError) and error.errno is not None:  # the disk is full, or the archive is not there
            raise DataError(f"{path}: cannot be unpacked ({error.strerror}); make room, or check the path") from None
        raise DataError(f"{path}: a damaged archive ({error}); make it again") from None


def top_folders(path: Path) -> list[str]:
    """Return the names of the folders at the top of an archive; below its one folder, where it has one alone."""
    names: set[PurePosixPath] = set()
    with _told(path), _members(path) as members:
        for member, _ in members:
            if not member.name.startswith((".", "__MACOSX")):
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


@contextmanager
def _members(path: Path) -> Iterator[Iterator[tuple[_Member, IO[bytes]]]]:
    if path.name.lower().endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            yield _zipped(archive)
    else:
        with tarfile.open(path, "r:*") as tar:
            yield _tarred(tar)


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
