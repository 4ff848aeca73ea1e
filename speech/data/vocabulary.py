"""The characters of the transcripts as ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BLANK, BOS, EOS = 0, 1, 2
FIRST = 3
"""The id of the first character."""


@dataclass(frozen=True)
class Vocabulary:
    """Characters with the ids 3, 4, …; 0 is CTC's blank, 1 and 2 are the decoder's begin and end.

    >>> vocabulary = Vocabulary.fit(["one", "two"])
    >>> vocabulary.encode("two").tolist(), vocabulary.decode([BOS, 6, 7, 5, EOS, BLANK])
    ([6, 7, 5], 'two')
    """

    characters: tuple[str, ...]

    @classmethod
    def fit(cls, texts: Iterable[str]) -> Vocabulary:
        """Collect the characters of transcripts, sorted."""
        return cls(tuple(sorted(set().union(*texts))))

    def __len__(self) -> int:
        """The number of ids, the special ones included."""
        return FIRST + len(self.characters)

    def unknown(self, text: str) -> list[str]:
        """Return the characters of a text that have no id."""
        return sorted(set(text) - set(self.characters))

    def encode(self, text: str) -> npt.NDArray[np.int64]:
        """Return the ids of a text; raises KeyError for a character that has none."""
        ids = {character: number for number, character in enumerate(self.characters, FIRST)}
        return np.array([ids[character] for character in text], dtype=np.int64)

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids; blank, begin and end have none."""
        return "".join(self.characters[number - FIRST] for number in ids if number >= FIRST)


def steps_needed(ids: npt.NDArray[np.int64]) -> int:
    """Return the fewest steps in which CTC can say a target: one for each id, and a blank between equal ones.

    >>> steps_needed(np.array([3, 4, 4]))
    4
    """
    return len(ids) + int(np.count_nonzero(ids[1:] == ids[:-1]))
