"""The encoding of a file that is too large to be held: the same answers and messages as `decoding`, block by block."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TextIO, cast

from .decoding import damaged, not_text, nul_byte, refuse_binary, wrong_byte
from .encodings import SAMPLE, UTF_8, Encoding, by_content, by_mark, by_nul, sample

BLOCK = 1 << 20


def size_of(path: Path) -> int:
    """Return about how many bytes a file holds unpacked: texts pack to a quarter."""
    return path.stat().st_size * (4 if path.suffix == ".gz" else 1)


def probe(path: Path) -> Encoding:
    """Return the encoding of a text file; raise DataError, with the line, where it is no text."""
    try:
        encoding = _detect(path)
        if encoding != UTF_8:
            _verify(path, encoding)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise damaged(path, error) from None
    return encoding


def open_text(path: Path, encoding: Encoding, newline: str = "") -> TextIO:
    """Open a text behind its byte-order mark; `newline` as for `open`."""
    file = io.TextIOWrapper(_open(path), encoding=encoding.codec, newline=newline)
    if file.read(1) != "\ufeff":
        file.seek(0)
    return file


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _blocks(path: Path) -> Iterator[bytes]:
    with _open(path) as file:
        while block := file.read(BLOCK):
            yield block


def _detect(path: Path) -> Encoding:
    head = _read(path, 0, SAMPLE)
    found = by_mark(head)
    if found is not None and found.codec.startswith("utf-16"):
        return found
    scan = _Scan.of(path)
    if found is None and scan.nul and (found := by_nul(head)):
        return found
    refuse_binary(path.name, head)
    if found is not None:
        return found
    if scan.nul:
        raise nul_byte(path.name, scan.nul)
    if scan.wrong is None:
        return UTF_8
    start, place, line, byte = scan.wrong
    found = by_content(sample(_read(path, start, SAMPLE + 1), place - start))
    if found is None:
        raise not_text(path.name, line, byte)
    return found


def _read(path: Path, start: int, count: int) -> bytes:
    with _open(path) as file:
        file.seek(start)
        return file.read(count)


@dataclass
class _Scan:
    """What a file's bytes hold: the line of the first NUL (0: none), and where UTF-8 first breaks: the start of that
    line, the place, the line, the byte."""

    nul: int = 0
    wrong: tuple[int, int, int, int] | None = None

    @classmethod
    def of(cls, path: Path) -> _Scan:
        scan, decoder = cls(), codecs.getincrementaldecoder("utf-8")()
        position, lines, start = 0, 0, 0
        for block in _blocks(path):
            if not scan.nul and b"\0" in block:
                scan.nul = lines + block.count(b"\n", 0, block.index(b"\0")) + 1
            if scan.wrong is None:
                pending = len(decoder.getstate()[0])
                scan.wrong = _broken(decoder, block, (position - pending, lines, start))
            position, lines = position + len(block), lines + block.count(b"\n")
            start = position - len(block) + block.rfind(b"\n") + 1 if b"\n" in block else start
        if scan.wrong is None:
            pending = len(decoder.getstate()[0])
            scan.wrong = _broken(decoder, b"", (position - pending, lines, start))
        return scan


def _broken(
    decoder: codecs.IncrementalDecoder, block: bytes, base: tuple[int, int, int]
) -> tuple[int, int, int, int] | None:
    """Decode a block (an empty one ends the file); return where it is not UTF-8."""
    position, lines, start = base
    try:
        decoder.decode(block, final=not block)
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        start = position + before.rfind(b"\n") + 1 if b"\n" in before else start
        return start, position + error.start, lines + before.count(b"\n") + 1, error.object[error.start]
    return None


def _verify(path: Path, encoding: Encoding) -> None:
    """Decode the whole file; raise DataError at what is not in the encoding, and at a NUL."""
    decoder = codecs.getincrementaldecoder(encoding.codec)()
    lines, nul = 0, 0
    for block in (*_blocks(path), b""):
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(encoding.codec)
            raise wrong_byte(path.name, lines + before.count("\n") + 1, encoding, error.object[error.start]) from None
        if not nul and "\0" in text:
            nul = lines + text.count("\n", 0, text.index("\0")) + 1
        lines += text.count("\n")
    if nul:
        raise nul_byte(path.name, nul)
