"""Several labels in one cell."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import WrongLabel


def is_several(value: object) -> bool:
    """Say whether a value is a list of labels rather than one."""
    return isinstance(value, list | tuple | set | frozenset) or (isinstance(value, np.ndarray) and value.ndim == 1)


def _is_missing(label: Any) -> bool:
    return label is None or (isinstance(label, float) and math.isnan(label)) or not str(label).strip()


def label_sets(rows: Iterable[Any], place: Callable[[int], str]) -> npt.NDArray[Any]:
    """Return an array of tuples of strings; raise DataError at the first row that is no list, or has a missing label.

    >>> label_sets([["b", "a"], []], str).tolist()
    [('b', 'a'), ()]
    """
    rows = list(rows)
    found = np.empty(len(rows), dtype=object)
    for row, value in enumerate(rows):
        if not is_several(value):
            raise WrongLabel(f"{place(row)}: {value!r} is no list of labels, as other rows have; give each row a list")
        labels = sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
        if any(_is_missing(label) for label in labels):
            raise WrongLabel(f"{place(row)}: an empty label in the list; leave it out")
        if joined := [str(label) for label in labels if "|" in str(label)]:
            raise WrongLabel(f"{place(row)}: label '{joined[0]}' holds '|', which joins labels in files; rename it")
        found[row] = tuple(dict.fromkeys(map(str, labels)))
    return found
