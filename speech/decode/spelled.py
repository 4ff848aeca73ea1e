"""What the units of a recogniser spell, as a tree: units that begin alike are followed together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..language import Trie
from ..language.trie import Ints

Follow: TypeAlias = Callable[[Ints, Ints], tuple[npt.NDArray[np.float64], Ints]]
"""Takes states and symbols, both (K,), to what the symbols add and the states after them."""

# Shapes: N states, U units, X nodes of the tree.


class Spelled:
    """The symbols of U units, in 0 … `width` − 1, as a tree."""

    def __init__(self, spellings: Sequence[Sequence[int]], width: int) -> None:
        tree, self.ends_U = Trie.of(spellings, width)
        self.size = len(tree)
        parents, symbols = np.divmod(tree.keys, width)
        depth = np.zeros(self.size, np.int64)
        for node, parent in enumerate(parents.tolist(), 1):  # nodes stand after their parents
            depth[node] = depth[parent] + 1
        self.levels = [
            (nodes, parents[nodes - 1], symbols[nodes - 1])
            for nodes in (np.flatnonzero(depth == level) for level in range(1, int(depth.max()) + 1))
        ]

    def walk(self, start_N: Ints, follow: Follow) -> tuple[npt.NDArray[np.float64], Ints]:
        """Return what each unit adds, said after each state, and the state then: both (N, U).

        >>> spelled = Spelled([[2], [2, 3], []], 4)
        >>> _, after = spelled.walk(np.array([0, 10]), lambda states, symbols: (0.0 * states, states + symbols))
        >>> after.tolist()
        [[2, 5, 0], [12, 15, 10]]
        """
        added_NX = np.zeros((len(start_N), self.size))
        state_NX = np.repeat(start_N[:, None], self.size, axis=1)
        for nodes, parents, symbols in self.levels:
            before = state_NX[:, parents]
            added, after = follow(before.ravel(), np.tile(symbols, len(start_N)))
            state_NX[:, nodes] = after.reshape(before.shape)
            added_NX[:, nodes] = added_NX[:, parents] + added.reshape(before.shape)
        return added_NX[:, self.ends_U], state_NX[:, self.ends_U]
