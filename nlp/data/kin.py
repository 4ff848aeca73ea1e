"""Texts that contain one another, as phrases of one sentence do: they belong on the same side of a split."""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
import numpy.typing as npt

from ...core.holdout import connected
from .pairs import Inputs, joined
from .tokenizers.alphabet import IDEOGRAPHS

Integers = npt.NDArray[np.uint64]

_WORDS = re.compile(rf"[{IDEOGRAPHS}]|[^\s{IDEOGRAPHS}]+")
_SHORTEST = 5
"""So many words, or Chinese characters: a shorter text stands in many that have nothing else in common."""

_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that it has an inverse modulo 2^64
_INVERSE = np.uint64(pow(int(_BASE), -1, 1 << 64))


def kin(inputs: Inputs) -> npt.NDArray[np.int64]:
    """Return a number for each text, the same for texts of which one contains the other, word by word.

    Whole texts are compared by hashes of 64 bits, in time that grows with the words of all texts and the number of
    different lengths, not with the square of the rows (Karp and Rabin, 1987).

    >>> kin(["a gripping film to see twice", "not a gripping film to see twice", "a gripping film"]).tolist()
    [0, 0, 2]
    """
    spans = _Spans(inputs)
    pairs: list[tuple[int, int]] = []
    lengths: dict[int, set[int]] = defaultdict(set)
    first: dict[tuple[int, int], int] = {}
    long = [row for row in range(spans.rows) if spans.length(row) >= _SHORTEST]
    for row in long:
        start, length = int(spans.starts[row]), spans.length(row)
        lengths[int(spans.openings[start])].add(length)
        pairs.append((row, first.setdefault((length, spans.key(start, length)), row)))
    opens = np.isin(spans.openings, np.fromiter(lengths, np.uint64, len(lengths)))
    for row in long:
        start, end = int(spans.starts[row]), int(spans.starts[row + 1])
        for place in (start + np.flatnonzero(opens[start : end - _SHORTEST + 1])).tolist():
            for length in lengths[int(spans.openings[place])]:
                other = first.get((length, spans.key(place, length))) if place + length <= end else None
                if other is not None:
                    pairs.append((row, other))
    return connected(spans.rows, np.array(pairs))


class _Spans:
    """The words of all texts in one row, and a hash of any span of them: Σ word · base^(place in the span)."""

    def __init__(self, inputs: Inputs):
        numbers, counts = [np.zeros(0, np.uint64)], [0]
        for text in joined(inputs):
            words = [hash(word) & 0xFFFF_FFFF_FFFF_FFFF for word in _WORDS.findall(text.lower())]
            numbers.append(np.array(words, np.uint64))
            counts.append(len(words))
        flat = np.concatenate(numbers)
        self.rows = len(counts) - 1
        self.starts = np.cumsum(counts)
        self.inverses = _powers(_INVERSE, len(flat) + 1)
        self.sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(flat * _powers(_BASE, len(flat)))])
        ends = np.minimum(np.arange(len(flat)) + _SHORTEST, len(flat))
        self.openings: Integers = (self.sums[ends] - self.sums[:-1]) * self.inverses[:-1]

    def length(self, row: int) -> int:
        """Return the words of a text."""
        return int(self.starts[row + 1] - self.starts[row])

    def key(self, start: int, length: int) -> int:
        """Return the hash of the words from `start` on."""
        mask = 0xFFFF_FFFF_FFFF_FFFF
        return (int(self.sums[start + length]) - int(self.sums[start])) * int(self.inverses[start]) & mask


def _powers(base: np.uint64, count: int) -> Integers:
    return np.concatenate([np.ones(1, np.uint64), np.cumprod(np.full(max(count - 1, 0), base))])[:count]
