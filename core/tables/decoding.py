"""The text of a file, packed or not, in whatever encoding."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from ..errors import DamagedFile, DataError, TooLarge, WrongEncoding, WrongFormat
from .encodings import Encoding, detect

ENDINGS = (".csv", ".tsv", ".jsonl", ".json", ".parquet")
"""The endings of the files that are tables."""


LARGEST_RATIO = 200
"""How many times larger than its gzip file a table may be: texts are three to twenty times as large."""

_ALWAYS_FINE = 1 << 28


def read_text(path: Path) -> tuple[str, str]:
    """Return a file's text and its encoding; raise DataError, with the line, where it is no text."""
    raw = read_bytes(path)
    encoding = detect(raw)
    if encoding is None or not encoding.codec.startswith("utf-16"):
        refuse_binary(path.name, raw)
    if encoding is None:
        raise _unknown(path.name, raw)
    text = decode(path.name, raw, encoding)
    if "\0" in text:
        raise nul_byte(path.name, text.count("\n", 0, text.index("\0")) + 1)
    return text, encoding.name


def decode(name: str, raw: bytes, encoding: Encoding) -> str:
    """Return the text without its byte-order mark; DataError names the line that is not in the encoding."""
    try:
        return raw.decode(encoding.codec).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = raw[: error.start].decode(encoding.codec).count("\n") + 1
        raise wrong_byte(name, line, encoding, raw[error.start]) from None


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes, unpacked where its name ends in .gz."""
    try:
        return _unpacked(path) if path.suffix == ".gz" else path.read_bytes()
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise damaged(path, error) from None


def _unpacked(path: Path) -> bytes:
    """Return what a gzip file holds; DataError where that is so much more that it can be no text."""
    most = max(_ALWAYS_FINE, LARGEST_RATIO * path.stat().st_size)
    with gzip.open(path) as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        raise TooLarge(f"{path.name}: unpacks to more than {LARGEST_RATIO} times its size; unpack it yourself")
    return raw


def damaged(path: Path, error: Exception) -> DataError:
    """The error of a file that cannot be unpacked."""
    return DamagedFile(f"{path.name}: damaged gzip file ({error}); download or compress it again")


def refuse_binary(name: str, head: bytes) -> None:
    """Raise DataError where one byte in twenty is a control character."""
    head = head[:4096]
    unprintable = sum(byte < 9 or 13 < byte < 32 for byte in head)
    if unprintable * 20 > len(head):
        raise WrongFormat(f"{name}: a binary file, not text; give a table as {', '.join(ENDINGS)}")


def nul_byte(name: str, line: int) -> DataError:
    """The error of a NUL in a text."""
    return WrongEncoding(f"{name}:{line}: a NUL byte; the file is damaged, or UTF-16: save it as UTF-8")


def wrong_byte(name: str, line: int, encoding: Encoding, byte: int) -> DataError:
    """The error of a byte that is not of the encoding of those before it."""
    return WrongEncoding(
        f"{name}:{line}: not {encoding.name} text (byte 0x{byte:02x}), as what is before it; save the file as UTF-8"
    )


def not_text(name: str, line: int, byte: int) -> DataError:
    """The error of a byte where UTF-8 breaks and no other encoding fits."""
    known = "UTF-8, UTF-16, GB18030 or Windows-1252"
    return WrongEncoding(f"{name}:{line}: not {known} text (byte 0x{byte:02x}); save the file as UTF-8")


def _unknown(name: str, raw: bytes) -> DataError:
    """Say why bytes are no text: a NUL, or what UTF-8 does not know first."""
    if b"\0" in raw:
        return nul_byte(name, raw.count(b"\n", 0, raw.index(b"\0")) + 1)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return not_text(name, raw.count(b"\n", 0, error.start) + 1, raw[error.start])
    raise AssertionError("UTF-8 is known")
