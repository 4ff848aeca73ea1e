"""Word and character error rates by edit distance (Levenshtein, 1966)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from .statistics import Ratio

# One number holds the cost of an alignment: errors, insertions and deletions, of 20 bits each. The least
# number has the fewest errors and, among equals, the fewest insertions; so a row of the table of
# Wagner and Fischer (1974) is a few operations on an array.
_SUBSTITUTE, _INSERT, _DELETE = 1 << 40, (1 << 40) + (1 << 20), (1 << 40) + 1
_COUNT = (1 << 20) - 1
_ACROSS, _LEFT, _UP = range(3)

Pair: TypeAlias = tuple[str | None, str | None]
"""A token of the reference and the one that was said for it; None where there is none."""


class Edits(NamedTuple):
    """How a hypothesis differs from a reference of `length` tokens."""

    substitutions: int
    insertions: int
    deletions: int
    length: int

    @property
    def errors(self) -> int:
        """All edits together."""
        return self.substitutions + self.insertions + self.deletions

    @property
    def hits(self) -> int:
        """The tokens of the reference that were said."""
        return self.length - self.substitutions - self.deletions


def edits(reference: Sequence[str], hypothesis: Sequence[str]) -> Edits:
    """Count the fewest edits that turn the reference into the hypothesis.

    Among equals, those with the most substitutions. Each may have up to 2²⁰ tokens.

    >>> edits("the cat sat".split(), "the cat is sat on".split())
    Edits(substitutions=0, insertions=2, deletions=0, length=3)
    """
    row = _INSERT * np.arange(len(hypothesis) + 1)
    slope = row.copy()
    heard = _numbered(hypothesis)
    codes = dict(zip(hypothesis, heard.tolist(), strict=True))
    for i, expected in enumerate(reference, 1):
        change = np.where(heard == codes.get(expected, -1), 0, _SUBSTITUTE)
        best = row + _DELETE
        best[1:] = np.minimum(best[1:], row[:-1] + change)
        best[0] = i * _DELETE
        row = np.minimum.accumulate(best - slope) + slope
    cost = int(row[-1])
    insertions, deletions = cost >> 20 & _COUNT, cost & _COUNT
    return Edits((cost >> 40) - insertions - deletions, insertions, deletions, length=len(reference))


def alignment(reference: Sequence[str], hypothesis: Sequence[str]) -> list[Pair]:
    """Return how the tokens correspond, by the fewest edits, the same that `edits` counts.

    A pair holds a token of each; None stands where the reference has none (an insertion) or the hypothesis has none (a
    deletion). Takes a byte for each pair of tokens.

    >>> alignment("the cat sat".split(), "the hat sat on".split())
    [('the', 'the'), ('cat', 'hat'), ('sat', 'sat'), (None, 'on')]
    """
    row = _INSERT * np.arange(len(hypothesis) + 1)
    slope = row.copy()
    heard = _numbered(hypothesis)
    codes = dict(zip(hypothesis, heard.tolist(), strict=True))
    moves = np.full((len(reference) + 1, len(hypothesis) + 1), _UP, np.uint8)
    moves[0] = _LEFT
    for i, expected in enumerate(reference, 1):
        across = row[:-1] + np.where(heard == codes.get(expected, -1), 0, _SUBSTITUTE)
        best = row + _DELETE
        best[1:] = np.minimum(best[1:], across)
        best[0] = i * _DELETE
        after = np.minimum.accumulate(best - slope) + slope
        moves[i, 1:][after[1:] != row[1:] + _DELETE] = _LEFT
        moves[i, 1:][after[1:] == across] = _ACROSS
        row = after
    return _traced(moves, reference, hypothesis)


def _traced(moves: npt.NDArray[np.uint8], reference: Sequence[str], hypothesis: Sequence[str]) -> list[Pair]:
    """Follow the moves back from the end of both."""
    i, j, found = len(reference), len(hypothesis), list[Pair]()
    while i or j:
        move = moves[i, j]
        i, j = i - (move != _LEFT), j - (move != _UP)
        found.append((None if move == _LEFT else reference[i], None if move == _UP else hypothesis[j]))
    return found[::-1]


def _numbered(tokens: Sequence[str]) -> npt.NDArray[np.int64]:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(token, len(numbers)) for token in tokens], dtype=np.int64)


def word_errors(references: Sequence[str], hypotheses: Sequence[str]) -> list[Edits]:
    """Return the edits between words of each pair."""
    return [edits(a.split(), b.split()) for a, b in zip(references, hypotheses, strict=True)]


def character_errors(references: Sequence[str], hypotheses: Sequence[str]) -> list[Edits]:
    """Return the edits between characters of each pair."""
    return [edits(a, b) for a, b in zip(references, hypotheses, strict=True)]


def error_rate(found: Sequence[Edits]) -> Ratio:
    """Return errors over reference tokens, over all rows together; lower is better."""
    errors = np.array([one.errors for one in found], dtype=np.float64)
    return Ratio(errors, np.array([one.length for one in found], dtype=np.float64), greater_is_better=False)
