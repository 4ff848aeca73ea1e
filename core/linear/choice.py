"""The rows on which the settings of a linear model are chosen."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..batch import Examples
from ..holdout import together

Groups: TypeAlias = npt.NDArray[np.int64] | None
"""The number of each row's group, of rows that must not be split."""

Weights: TypeAlias = npt.NDArray[Any] | None
"""What each row counts, or each label of a row; all the same where None."""

_MOST = 20_000


def some_rows(examples: Examples, most: int, seed: int) -> tuple[Examples, npt.NDArray[Any] | None, str]:
    """Return at most so many rows, drawn and in their order, their numbers (None: all), and words for what was done."""
    count = len(examples)
    if count <= most:
        return examples, None, ""
    rows = np.sort(np.random.default_rng((seed, count)).choice(count, most, replace=False))
    return examples.take(rows), rows, f" (fitted on {most:,} of {count:,} rows)"


def fifth(rows: int, seed: int, groups: Groups) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the rows to fit on and a fifth to choose on, of 20,000 at most."""
    order = together(np.random.default_rng(seed).permutation(rows), groups)[:_MOST]
    return order[len(order) // 5 :], order[: len(order) // 5]
