"""Rows held out for validation: at random from a seed, with the classes in proportion where there are classes."""

from __future__ import annotations

import numpy as np

from .batch import Examples
from .errors import ConfigError
from .labels import kind_of


def hold_out(examples: Examples, share: float, seed: int, *, stratify: bool) -> tuple[Examples, Examples | None]:
    """Split examples into training and validation rows; with `share` 0 or a single row nothing is held out, else at
    least one row goes to each. Rows of one group go to one side, where this leaves rows to train on."""
    if not 0 <= share < 1:
        raise ConfigError(f"valid ({share}) must be a share in [0, 1), or a path")
    if share == 0 or len(examples) < 2:
        return examples, None
    order = np.random.default_rng((seed, len(examples))).permutation(len(examples))
    order = together(order, examples.groups)
    if stratify and examples.labels is not None:
        order = _proportional(order, examples.labels)
    count = min(max(1, round(share * len(examples))), len(examples) - 1)
    held_out = np.isin(np.arange(len(examples)), order[:count])
    if examples.groups is not None:
        whole = np.isin(examples.groups, examples.groups[held_out])
        held_out = whole if whole.sum() <= 2 * count else held_out
        if stratify and examples.labels is not None and kind_of(examples.labels) == "class":
            held_out &= ~_last_of_class(held_out, examples.labels, examples.groups)
    return examples.take(np.flatnonzero(~held_out)), examples.take(np.flatnonzero(held_out))


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


def _last_of_class(held_out: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return which rows are of a group with a row whose class is nowhere in training."""
    names = np.array([str(label) for label in labels])
    return np.isin(groups, groups[~np.isin(names, names[~held_out])])


def _proportional(order: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Reorder so that every prefix holds the classes in proportion; a class keeps its last row for training."""
    _, numbers = np.unique([str(label) for label in labels], return_inverse=True)
    place = np.empty(len(order))
    for number in range(numbers.max() + 1):
        rows = order[numbers[order] == number]
        place[rows] = (np.arange(len(rows)) + 0.5) / len(rows)
        place[rows[-1]] = 1.0
    return order[np.argsort(place[order], kind="stable")]
