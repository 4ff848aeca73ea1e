"""Sentences of a file, a line each, and which of them the test part has; of any number, in constant memory."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ...core.errors import NoRows, NoSuchFile, TooFewRows, WrongEncoding
from ..data import clean

_LONGEST = 1000
_WHOLE = float(1 << 64)


@dataclass(frozen=True)
class Sentences:
    """Sentences of a file or a list; blank ones are passed over.

    `count` is how many there are and `digest` a hash of all. The test part has those whose own hash is below `share`;
    where it should have some it has at least one, and training too.
    """

    source: Path | Sequence[str]
    count: int
    digest: str
    share: float = 0.0
    least: float = 0.0
    most: float = 1.0

    @classmethod
    def of(cls, source: str | Path | Sequence[str], share: float, seed: int) -> Sentences:
        """Read all once; raises DataError where there are none, or too few to be parted."""
        source = Path(source) if isinstance(source, str) else source
        total, count, least, most = sha256(), 0, 1.0, 0.0
        for _, text in _lines(source):
            place = _hash(text, seed)
            count, least, most = count + 1, min(least, place), max(most, place)
            total.update(text.encode() + b"\n")
        if not count:
            raise NoRows(f"{_name(source)}: there are no sentences; write one on each line")
        if share and least == most:
            raise TooFewRows(f"{_name(source)}: one sentence only; a test part of others needs at least two")
        return cls(source, count, total.hexdigest(), share, least, most)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield each sentence with its place, and go round for ever."""
        name = _name(self.source)
        for _ in itertools.count():
            for number, text in _lines(self.source):
                yield f"{name}:{number}", text

    def tests(self, text: str, seed: int) -> bool:
        """Say whether a sentence belongs to the test part."""
        place = _hash(text, seed)
        return bool(self.share) and place != self.most and (place < self.share or place == self.least)


def unsayable(text: str) -> str:
    """Return why a sentence is left out; empty where it isn't.

    >>> unsayable("forty two"), unsayable("—")
    ('', 'there is no letter or digit in it')
    """
    if len(text) > _LONGEST:
        return f"it has {len(text):,} characters, more than {_LONGEST:,}"
    if any(unicodedata.category(one) in ("Cc", "Cs") for one in text):
        return "there are control characters in it"
    return "" if any(one.isalnum() for one in text) else "there is no letter or digit in it"


def _lines(source: Path | Sequence[str]) -> Iterator[tuple[int, str]]:
    if not isinstance(source, Path):
        yield from ((number, clean(text)) for number, text in enumerate(source, 1) if text.strip())
        return
    try:
        with source.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if text := clean(line):
                    yield number, text
    except UnicodeDecodeError as error:
        raise WrongEncoding(f"{source}: not text in UTF-8 ({error.reason}); convert it") from None
    except OSError as error:
        raise NoSuchFile(f"{source}: cannot be read ({(error.strerror or '').lower()}); correct the path") from None


def _name(source: Path | Sequence[str]) -> str:
    return source.name if isinstance(source, Path) else "texts"


def _hash(text: str, seed: int) -> float:
    """Return a number in [0, 1) that is the same for a sentence however its letters are cased."""
    return int.from_bytes(sha256(f"{seed} {text.casefold()}".encode()).digest()[:8]) / _WHOLE
