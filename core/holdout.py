"""Rows held out for validation: at random from a seed, with the classes in proportion where there are classes."""

from __future__ import annotations

import numpy as np

from .batch import Examples
from .errors import ConfigError


def hold_out(examples: Examples, share: float, seed: int, *, stratify: bool) -> tuple[Examples, Examples | None]:
    """Split examples into training and validation rows; with `share` 0 or a single row nothing is held out, else at
    least one row goes to each."""
    if not 0 <= share < 1:
        raise ConfigError(f"valid ({share}) must be a share in [0, 1), or a path")
    if share == 0 or len(examples) < 2:
        return examples, None
    order = np.random.default_rng((seed, len(examples))).permutation(len(examples))
    if stratify and examples.labels is not None:
        order = _proportional(order, examples.labels)
    count = min(max(1, round(share * len(examples))), len(examples) - 1)
    return examples.take(np.sort(order[count:])), examples.take(np.sort(order[:count]))


def _proportional(order: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Reorder so that every prefix holds the classes in proportion; a class keeps its last row for training."""
    _, numbers = np.unique([str(label) for label in labels], return_inverse=True)
    place = np.empty(len(order))
    for number in range(numbers.max() + 1):
        rows = order[numbers[order] == number]
        place[rows] = (np.arange(len(rows)) + 0.5) / len(rows)
        place[rows[-1]] = 1.0
    return order[np.argsort(place[order], kind="stable")]
