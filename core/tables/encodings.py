"""Which encoding a file is in: decided from its bytes alone, always the same way.

Strict UTF-8 first, then byte-order marks, then UTF-16 by where its NUL bytes lie, then GB18030 against Windows-1252 by
what the text would be.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

SAMPLE = 1 << 22
"""The bytes that are looked at to tell GB18030 from Windows-1252."""


@dataclass(frozen=True)
class Encoding:
    """An encoding's name for people, and for Python."""

    name: str
    codec: str


UTF_8 = Encoding("UTF-8", "utf-8")
UTF_8_MARKED = Encoding("UTF-8 with BOM", "utf-8-sig")
UTF_16_LE = Encoding("UTF-16 LE", "utf-16-le")
UTF_16_BE = Encoding("UTF-16 BE", "utf-16-be")
GB18030 = Encoding("GB18030", "gb18030")
WINDOWS_1252 = Encoding("Windows-1252", "cp1252")
MARKS = {b"\xef\xbb\xbf": UTF_8_MARKED, b"\xff\xfe": UTF_16_LE, b"\xfe\xff": UTF_16_BE}
_ODD = re.compile("[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff]")


def detect(raw: bytes) -> Encoding | None:
    """Return the encoding of a text, or None where it is none of those known here.

    >>> [detect("a caf\\u00e9, caf\\u00e9s".encode(codec)).name for codec in ("utf-8", "utf-16", "cp1252")]
    ['UTF-8', 'UTF-16 LE', 'Windows-1252']
    """
    if marked := by_mark(raw):
        return marked
    if b"\0" in raw:
        return by_nul(raw[:SAMPLE])
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return by_content(sample(raw, error.start))
    return UTF_8


def by_mark(raw: bytes) -> Encoding | None:
    """Return the encoding that a byte-order mark names."""
    return next((encoding for mark, encoding in MARKS.items() if raw.startswith(mark)), None)


def by_nul(raw: bytes) -> Encoding | None:
    """Tell UTF-16 by its NULs: the upper halves of ASCII, so nearly all at even places or nearly all at odd ones
    (U+4E00, the Chinese "one", has a NUL for its lower half).

    A damaged file of ASCII has a few at one parity, too: it is one where the NULs are few and all else is ASCII.
    """
    raw = raw[: len(raw) // 2 * 2]
    even, odd = raw[::2].count(0), raw[1::2].count(0)
    if max(even, odd) < 4 * min(even, odd) or even + odd < len(raw) / 200:
        return None
    foreign = sum(byte > 127 for byte in raw)
    if even + odd < len(raw) / 4 and foreign < len(raw) / 20:
        return None
    found = UTF_16_LE if odd > even else UTF_16_BE
    text = raw.decode(found.codec, "ignore")
    return found if len(_ODD.findall(text)) * 1000 <= len(text) else None


def sample(raw: bytes, start: int) -> bytes:
    """Return whole lines, from the one in which `start` lies, as long as they are not too many bytes."""
    start = raw.rfind(b"\n", 0, start) + 1
    part = raw[start : start + SAMPLE]
    end = part.rfind(b"\n") + 1 if start + SAMPLE < len(raw) else 0
    return part[:end] if end else part


def by_content(raw: bytes) -> Encoding | None:
    """Tell GB18030 from Windows-1252: as the former, the characters are common Chinese ones; as the latter, letters
    with accents stand among plain ones."""
    chinese, western = _chinese(raw), _western(raw)
    if chinese >= 0.7:
        return GB18030
    if western:
        return WINDOWS_1252
    return GB18030 if chinese >= 0.3 else None


def _chinese(raw: bytes) -> float:
    """Return the share of common characters among those beyond ASCII, read as GB18030."""
    try:
        counts = Counter(raw.decode("gb18030"))
    except UnicodeDecodeError:
        return 0.0
    beyond = {letter: count for letter, count in counts.items() if not letter.isascii()}
    known = _common()
    return sum(count for letter, count in beyond.items() if letter in known) / max(1, sum(beyond.values()))


def _western(raw: bytes) -> bool:
    """Say whether, read as Windows-1252, at most two in five letters bear accents."""
    try:
        counts = Counter(raw.decode("cp1252"))
    except UnicodeDecodeError:
        return False
    letters = {letter: count for letter, count in counts.items() if unicodedata.category(letter)[0] == "L"}
    accents = sum(count for letter, count in letters.items() if not letter.isascii())
    return accents <= 0.4 * sum(letters.values())


@functools.cache
def _common() -> frozenset[str]:
    """The 3,755 characters of the first level of GB 2312 (99.7 % of Chinese text), and its signs."""
    leads = [*range(0xA1, 0xA4), *range(0xB0, 0xD8)]
    pairs = (bytes((lead, trail)).decode("gb2312", "ignore") for lead in leads for trail in range(0xA1, 0xFF))
    return frozenset("".join(pairs))
