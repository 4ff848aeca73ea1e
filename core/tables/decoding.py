"""The text of a file, packed or not."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from ..errors import DataError

ENDINGS = (".csv", ".tsv", ".jsonl", ".json", ".parquet")
"""The endings of the files that are tables."""


def read_text(path: Path) -> str:
    """Return a file's text; raise DataError, with the line, where it is none."""
    raw = read_bytes(path)
    head = raw[:4096]
    unprintable = sum(byte < 9 or 13 < byte < 32 for byte in head)
    if unprintable * 20 > len(head):
        raise DataError(f"{path.name}: a binary file, not text; give a table as {', '.join(ENDINGS)}")
    if b"\0" in raw:
        line = raw[: raw.index(b"\0")].count(b"\n") + 1
        raise DataError(f"{path.name}:{line}: a NUL byte; the file is damaged, or UTF-16: save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        byte = raw[error.start]
        raise DataError(f"{path.name}:{line}: not UTF-8 text (byte 0x{byte:02x}); save the file as UTF-8") from None


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes, unpacked where its name ends in .gz."""
    try:
        return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(f"{path.name}: damaged gzip file ({error}); download or compress it again") from None
