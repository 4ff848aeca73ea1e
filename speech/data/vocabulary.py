"""The units of the transcripts, characters or whole words, as ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BLANK, BOS, EOS = 0, 1, 2
FIRST = 3
"""The id of the first unit."""

_MOST_WORDS, _LEAST_TIMES = 100, 5


@dataclass(frozen=True)
class Vocabulary:
    """Characters, or whole words, with the ids 3, 4, …; 0 is CTC's blank, 1 and 2 are the decoder's begin and end.

    >>> vocabulary = Vocabulary.fit(["one", "two"])
    >>> vocabulary.encode("two").tolist(), vocabulary.decode([BOS, 6, 7, 5, EOS, BLANK])
    ([6, 7, 5], 'two')
    >>> Vocabulary.fit(["one two"], words=True).encode("two one two").tolist()
    [4, 3, 4]
    """

    units: tuple[str, ...]
    words: bool = False

    @classmethod
    def fit(cls, texts: Iterable[str], words: bool = False) -> Vocabulary:
        """Collect the units of transcripts, sorted."""
        return cls(tuple(sorted(set().union(*(_split(text, words) for text in texts)))), words)

    def __len__(self) -> int:
        """The number of ids, the special ones included."""
        return FIRST + len(self.units)

    def unknown(self, text: str) -> list[str]:
        """Return the units of a text that have no id."""
        return sorted(set(_split(text, self.words)) - set(self.units))

    def encode(self, text: str) -> npt.NDArray[np.int64]:
        """Return the ids of a text; raises KeyError for a unit that has none."""
        ids = {unit: number for number, unit in enumerate(self.units, FIRST)}
        return np.array([ids[unit] for unit in _split(text, self.words)], dtype=np.int64)

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids; blank, begin and end have none."""
        return (" " if self.words else "").join(self.units[number - FIRST] for number in ids if number >= FIRST)


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
