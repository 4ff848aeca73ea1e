"""Files that are either whole or not there, and their hashes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from .errors import NotSaved

UNFINISHED = ".writing-"
"""Begins the name of what is being written: left by a process that was killed, it is of no use to anyone."""

HASHES = "hashes.json"
"""The hashes of the files of a folder, in it."""


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def contents_hash(names: Iterable[str]) -> str:
    """Return the SHA-256 of files, and of all files below folders; what is neither stands for itself."""
    found = hashlib.sha256()
    for name in names:
        path = Path(name)
        files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
        for one in files:
            found.update(f"{name}/{one.name}:{file_hash(one) if one.is_file() else ''};".encode())
    return found.hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a text file through a temporary one beside it."""
    temporary = path.with_name(f"{UNFINISHED}{path.name}")
    try:
        temporary.write_text(text, encoding="utf-8")
        sync(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_folder(final: Path, write: Callable[[Path], object]) -> None:
    """Have `write` fill a folder that is whole or not there, and seal it; what was there goes."""
    temporary = final.with_name(f"{UNFINISHED}{final.name}")
    remove(temporary)
    temporary.mkdir(parents=True)
    try:
        write(temporary)
        seal(temporary)
        remove(final)
        temporary.rename(final)
        sync(final.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def seal(folder: Path, *, durable: bool = True) -> None:
    """Write the hashes of the files of a folder beside them, by which `damage` finds what changed; `durable` brings all
    to the disk now."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != HASHES)
    for path in files if durable else ():
        sync(path)
    write_text(folder / HASHES, json.dumps({path.relative_to(folder).as_posix(): file_hash(path) for path in files}))
    sync(folder)


def damage(folder: Path) -> str:
    """Return what differs in a folder from what was sealed, nothing where all is as it was; other files may have come.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     _ = (Path(name) / "x").write_text("whole")
    ...     seal(Path(name))
    ...     before = damage(Path(name))
    ...     _ = (Path(name) / "x").write_text("whale")
    ...     before, damage(Path(name))
    ('', 'the hash of x does not match')
    """
    try:
        for name, expected in json.loads((folder / HASHES).read_text(encoding="utf-8")).items():
            if file_hash(folder / name) != expected:
                return f"the hash of {name} does not match"
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing"
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        return str(error)
    return ""


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there; of a link only the link."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def written(path: Path) -> Iterator[None]:
    """Say as one TrainingError that the disk refuses what is written for a run."""
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NotSaved(f"{path}: cannot be written ({reason}); mend that, and go on with --resume") from error


def take_room(path: Path, size: int) -> None:
    """Have the system set bytes of the disk aside for a file that will be written as memory: without them the process
    would die where the disk is full. Raises OSError where they are not there."""
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, size)


def sync(path: Path) -> None:
    """Have the system write a file or folder to the disk now."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
