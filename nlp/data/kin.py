"""Texts that contain one another, as phrases of one sentence do: they belong on the same side of a split."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt

from .pairs import Inputs, joined

_OPENING = 5
"""A shorter text stands in many that have nothing else in common."""


def kin(inputs: Inputs) -> npt.NDArray[np.int64]:
    """Return a number for each text, the same for texts of which one contains the other, word by word.

    >>> kin(["a gripping film to see twice", "not a gripping film to see twice", "a gripping film"]).tolist()
    [0, 0, 2]
    """
    words = [text.lower().split() for text in joined(inputs)]
    openings: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, text in enumerate(words):
        if len(text) >= _OPENING:
            openings[tuple(text[:_OPENING])].append(row)
    parent = list(range(len(words)))
    for row, text in enumerate(words):
        for start in range(len(text) - _OPENING + 1):
            for other in openings.get(tuple(text[start : start + _OPENING]), ()):
                if other != row and text[start : start + len(words[other])] == words[other]:
                    _join(parent, row, other)
    return np.array([_root(parent, row) for row in range(len(words))], dtype=np.int64)


def _root(parent: list[int], row: int) -> int:
    while parent[row] != row:
        parent[row] = parent[parent[row]]
        row = parent[row]
    return row


def _join(parent: list[int], one: int, other: int) -> None:
    first, second = sorted((_root(parent, one), _root(parent, other)))
    parent[second] = first
