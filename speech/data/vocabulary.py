"""The units of the transcripts, characters, pieces of words or whole words, as ids."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

BLANK, BOS, EOS = 0, 1, 2
FIRST = 3
"""The id of the first unit."""

SPACE = "▁"
"""What stands for the space before a word in pieces of words; in a transcript it counts as a space."""

_MOST_WORDS, _LEAST_TIMES = 100, 5


@dataclass(frozen=True)
class Vocabulary:
    """Characters, whole words, or the pieces of a `tokenizer`, with the ids 3, 4, …; 0 is CTC's blank, 1 and 2 are the
    decoder's begin and end.

    >>> vocabulary = Vocabulary.fit(["one", "two"])
    >>> vocabulary.encode("two").tolist(), vocabulary.decode([BOS, 6, 7, 5, EOS, BLANK])
    ([6, 7, 5], 'two')
    >>> Vocabulary.fit(["one two"], words=True).encode("two one two").tolist()
    [4, 3, 4]
    """

    units: tuple[str, ...]
    words: bool = False
    tokenizer: Tokenizer | None = field(default=None, compare=False, repr=False)

    @classmethod
    def fit(cls, texts: Iterable[str], words: bool = False) -> Vocabulary:
        """Collect the units of transcripts, sorted."""
        return cls(tuple(sorted(set().union(*(_split(text, words) for text in texts)))), words)

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> Vocabulary:
        """Return the pieces of a tokenizer whose words begin with "▁"."""
        numbers = tokenizer.get_vocab()
        return cls(tuple(sorted(numbers, key=lambda piece: numbers[piece])), tokenizer=tokenizer)

    def __len__(self) -> int:
        """The number of ids, the special ones included."""
        return FIRST + len(self.units)

    @functools.cached_property
    def letters(self) -> tuple[str, ...]:
        """What each unit spells of a word; nothing where it is a space alone."""
        if self.tokenizer is not None:
            return tuple(unit.replace(SPACE, "") for unit in self.units)
        return self.units if self.words else tuple("" if unit.isspace() else unit for unit in self.units)

    @functools.cached_property
    def opens(self) -> npt.NDArray[np.bool_]:
        """Which units begin a word, what was before them ending one."""
        if self.tokenizer is not None:
            return np.array([unit.startswith(SPACE) for unit in self.units], np.bool_)
        return np.array([self.words or unit.isspace() for unit in self.units], np.bool_)

    @property
    def spaced(self) -> bool:
        """Whether the units tell where words end."""
        return self.words or self.tokenizer is not None or " " in self.units

    @functools.cached_property
    def _ids(self) -> dict[str, int]:
        return {unit: number for number, unit in enumerate(self.units, FIRST)}

    def unknown(self, text: str) -> list[str]:
        """Return the words or characters of a text that have no id."""
        parts = _split(text, self.words) if self.tokenizer is None else plain(text).replace(" ", SPACE)
        return sorted(set(parts) - self._ids.keys())

    def lacks(self, unit: str) -> str:
        """Return what a person is told of an unknown word or character."""
        return f"{'word' if self.words else 'character'} {unit!r} is in no transcript that the model learned from"

    def encode(self, text: str) -> npt.NDArray[np.int64]:
        """Return the ids of a text; raises KeyError for a unit that has none."""
        if self.tokenizer is None:
            return np.array([self._ids[unit] for unit in _split(text, self.words)], dtype=np.int64)
        for unknown in self.unknown(text)[:1]:
            raise KeyError(unknown)
        return np.array(self.tokenizer.encode(plain(text)).ids, dtype=np.int64) + FIRST

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids; blank, begin and end have none."""
        text = (" " if self.words else "").join(self.units[number - FIRST] for number in ids if number >= FIRST)
        return text if self.tokenizer is None else plain(text)


def plain(text: str) -> str:
    """Return a text as pieces give it back: with single spaces, of which its own "▁" are some.

    >>> plain("so▁it  is ")
    'so it is'
    """
    return " ".join(text.replace(SPACE, " ").split())


def _split(text: str, words: bool) -> list[str]:
    return text.split() if words else list(text)


def few_words(texts: Iterable[str]) -> bool:
    """Say whether transcripts are made of so few words, each so often, that words are learned more easily than letters.

    >>> few_words(["yes no no"] * 5), few_words(["yes no no"] * 4)
    (True, False)
    """
    counts = Counter(word for text in texts for word in text.split())
    return len(counts) <= _MOST_WORDS and min(counts.values(), default=0) >= _LEAST_TIMES


def steps_needed(ids: npt.NDArray[np.int64]) -> int:
    """Return the fewest steps in which CTC can say a target: one for each id, and a blank between equal ones.

    >>> steps_needed(np.array([3, 4, 4]))
    4
    """
    return len(ids) + int(np.count_nonzero(ids[1:] == ids[:-1]))
