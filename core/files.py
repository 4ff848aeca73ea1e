"""Files that are either whole or not there, and their hashes."""

from __future__ import annotations

import hashlib
import os
import shutil
import weakref
from collections.abc import Iterable
from pathlib import Path


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
    temporary = path.with_name(f".writing-{path.name}")
    temporary.write_text(text, encoding="utf-8")
    sync(temporary)
    temporary.replace(path)


def sync(path: Path) -> None:
    """Have the system write a file or folder to the disk now."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_with(owner: object, folder: Path) -> None:
    """Remove a temporary folder when `owner` is gone, or the program ends; a forked process leaves it alone."""
    weakref.finalize(owner, _remove, folder, os.getpid())


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
