"""Sequences of symbols as a tree in one sorted array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Trie:
    """A tree whose node 0 is the empty sequence; node i + 1 is reached by `keys[i]` = its parent · `width` + symbol.

    Nodes are numbered level by level, and within a level by their keys: so all keys are sorted, and a child is found by
    binary search.

    >>> trie, ends = Trie.of([[0, 1], [0, 2], [0]], width=3)
    >>> trie.find(np.array([0, 1, 1]), np.array([0, 2, 0])), ends
    (array([ 1,  3, -1]), array([2, 3, 1]))
    """

    width: int
    keys: Ints

    def __post_init__(self) -> None:
        object.__setattr__(self, "_padded", np.append(self.keys, -1))

    @classmethod
    def of(cls, sequences: Sequence[Sequence[int]], width: int) -> tuple[Trie, Ints]:
        """Return the tree of these sequences of symbols in 0 … `width` − 1, and the node that each ends at."""
        sizes = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
        symbols = np.full((len(sequences), int(sizes.max(initial=0))), -1, dtype=np.int64)
        symbols[np.arange(symbols.shape[1])[None, :] < sizes[:, None]] = np.concatenate(
            [np.asarray(sequence, dtype=np.int64) for sequence in sequences] or [np.zeros(0, np.int64)]
        )
        ends, levels, nodes = np.zeros(len(sequences), np.int64), [], 0
        for depth in range(symbols.shape[1]):
            rows = np.flatnonzero(sizes > depth)
            keys, places = np.unique(ends[rows] * width + symbols[rows, depth], return_inverse=True)
            ends[rows] = nodes + 1 + places
            levels.append(keys)
            nodes += len(keys)
        return cls(width, np.concatenate(levels) if levels else np.zeros(0, np.int64)), ends

    def __len__(self) -> int:
        """The number of nodes, the empty sequence included."""
        return len(self.keys) + 1

    def find(self, parents: Ints, symbols: Ints) -> Ints:
        """Return the child of each parent by its symbol, −1 where there is none."""
        keys = parents * self.width + symbols
        places = self.keys.searchsorted(keys)
        padded: Ints = self._padded  # type: ignore[attr-defined]
        return np.where(padded[places] == keys, places + 1, -1)
