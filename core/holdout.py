"""Rows held out for validation: at random from a seed, with the classes in proportion where there are classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from .batch import Draw, Examples
from .errors import BadValue

Strata: TypeAlias = Sequence[tuple[str, ...]] | None
"""The classes of each row; None where there are none."""

SHARE = 0.1
MANY = 4_000_000
"""Rows from which on each is drawn by itself: their order would take more memory than is worth it."""
_BLOCK = 1 << 20


def hold_out(examples: Examples, share: float, seed: int, strata: Strata = None) -> tuple[Examples, Examples | None]:
    """Split examples into training and validation rows.

    Each class is held out in proportion, and none leaves training altogether. Rows of one group go to one side; a group
    of more than twice what is asked for stays in training, unless there is no other. None stands for no validation
    rows: where `share` is 0, or no row can be spared.
    """
    if not 0 <= share < 1:
        raise BadValue(f"valid ({share}) must be a share in [0, 1), or a path")
    if share == 0 or len(examples) < 2:
        return examples, None
    if len(examples) > MANY and examples.groups is None:
        mask = _drawn(len(examples), share, seed)
        return examples.take(~mask), examples.take(mask)
    order = np.random.default_rng((seed, len(examples))).permutation(len(examples))
    order = together(order, examples.groups)
    if strata is not None:
        order = _proportional(order, strata)
    count = min(max(1, round(share * len(examples))), len(examples) - 1)
    held_out = _first(order, examples.groups, count)
    if strata is not None:
        held_out &= ~_indispensable(held_out, strata, examples.groups)
    if not held_out.any():
        return examples, None
    return examples.take(np.flatnonzero(~held_out)), examples.take(np.flatnonzero(held_out))


def default_share(rows: int) -> float:
    """Return the share that is held out unless another is asked for: a tenth, but no more than 200,000 rows.

    >>> default_share(1000), default_share(20_000_000)
    (0.1, 0.01)
    """
    return min(SHARE, 200_000 / max(1, rows))


def _drawn(rows: int, share: float, seed: int) -> np.ndarray:
    """Return about that share of many rows as a mask, each drawn by its number."""
    draw, mask = Draw(seed, 0), np.empty(rows, np.bool_)
    for start in range(0, rows, _BLOCK):
        numbers = np.arange(start, min(rows, start + _BLOCK))
        mask[numbers] = draw.uniform(numbers, 1)[:, 0] < share
    return mask


def together(order: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """Return an order of rows in which those of a group follow its first.

    >>> together(np.array([2, 0, 1, 3]), np.array([5, 6, 7, 7])).tolist()
    [2, 3, 0, 1]
    """
    if groups is None:
        return order
    _, numbers = np.unique(groups, return_inverse=True)
    first = np.full(numbers.max() + 1, len(order))
    np.minimum.at(first, numbers[order], np.arange(len(order)))
    return order[np.argsort(first[numbers[order]], kind="stable")]


def connected(rows: int, pairs: np.ndarray) -> np.ndarray:
    """Return a number for each row, the same for rows that `pairs` (P, 2) connect: that of the first of them.

    >>> connected(4, np.array([[1, 3], [3, 2]])).tolist()
    [0, 1, 1, 1]
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    one, other = np.reshape(pairs, (-1, 2)).astype(np.int64).T
    _, part = connected_components(coo_matrix((np.ones(len(one)), (one, other)), shape=(rows, rows)), directed=False)
    _, first, inverse = np.unique(part, return_index=True, return_inverse=True)
    return np.asarray(first[inverse], np.int64)


def _first(order: np.ndarray, groups: np.ndarray | None, count: int) -> np.ndarray:
    """Return which rows are the first `count` in order, of whole groups as far as they fit into twice as many."""
    if groups is None:
        return np.isin(np.arange(len(order)), order[:count])
    _, numbers, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    _, places = np.unique(numbers[order], return_index=True)
    chosen: list[int] = []
    total, most = 0, min(2 * count, len(order) - 1)
    for number in numbers[order][np.sort(places)].tolist():
        if total >= count:
            break
        if total + sizes[number] <= most:
            chosen.append(number)
            total += sizes[number]
    return np.isin(numbers, chosen) if chosen else _first(order, None, count)


def _indispensable(held_out: np.ndarray, strata: Sequence[tuple[str, ...]], groups: np.ndarray | None) -> np.ndarray:
    """Return a row, with its group, of each class that no row in training has."""
    rows = np.repeat(np.arange(len(strata)), [len(names) for names in strata])
    _, names = np.unique([name for names in strata for name in names], return_inverse=True)
    lacking = np.flatnonzero(~np.isin(names, names[~held_out[rows]]))
    _, one_each = np.unique(names[lacking], return_index=True)
    back = rows[lacking[one_each]]
    return np.isin(np.arange(len(strata)), back) if groups is None else np.isin(groups, groups[back])


def _proportional(order: np.ndarray, strata: Sequence[tuple[str, ...]]) -> np.ndarray:
    """Reorder so that every prefix holds the classes in proportion; a class keeps its last row for training."""
    _, numbers = np.unique(["\0".join(names) for names in strata], return_inverse=True)
    place = np.empty(len(order))
    for number in range(numbers.max() + 1):
        rows = order[numbers[order] == number]
        place[rows] = (np.arange(len(rows)) + 0.5) / len(rows)
        place[rows[-1]] = 1.0
    return order[np.argsort(place[order], kind="stable")]
