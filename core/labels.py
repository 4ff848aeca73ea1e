"""Class names and their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .batch import Examples
from .errors import DataError, did_you_mean
from .tables import is_several, label_sets

Label = str | int | float | bool


@dataclass(frozen=True)
class Classes:
    """The sorted class names of a training set; labels match by their text, so 1 in an array is "1" in a file.

    >>> classes = Classes(("ham", "spam"))
    >>> classes.encode(Examples(inputs=["x"], labels=np.array(["spam"]))).tolist()
    [1]
    """

    names: tuple[Label, ...]

    @classmethod
    def fit(cls, examples: Examples) -> Classes:
        """Collect the classes; raise DataError where a label is missing or there are fewer than two classes."""
        labels = _labels(examples)
        names = tuple(np.unique(labels).tolist())
        if len(names) < 2:
            raise DataError(f"{examples.name}: only one class ('{names[0]}'); training needs two or more")
        return cls(names)

    def encode(self, examples: Examples) -> npt.NDArray[np.int64]:
        """Return the class number of each row, −1 where there are no labels; raise DataError for an unknown one."""
        if examples.labels is None:
            return np.full(len(examples), -1)
        numbers = {str(name): number for number, name in enumerate(self.names)}
        encoded = np.array([numbers.get(str(label), -1) for label in examples.labels], dtype=np.int64)
        for row in np.flatnonzero(encoded < 0):
            label = str(examples.labels[row])
            hint = did_you_mean(label, numbers)
            raise DataError(f"{examples.place(int(row))}: label '{label}' is not a class of the model{hint}")
        return encoded

    def array(self) -> npt.NDArray[Any]:
        """Return the names as the array that scikit-learn calls `classes_`."""
        return np.array(self.names)

    def __len__(self) -> int:
        return len(self.names)


def as_labels(labels: Sequence[Any] | npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return labels as a flat array of strings, numbers or truth values; raise DataError where one is missing.

    Where each row has several, the array is one of tuples of strings.

    >>> as_labels([["fun", "long"], []]).tolist()
    [('fun', 'long'), ()]
    """
    if not isinstance(labels, np.ndarray) or labels.dtype == object:
        rows = list(labels)
        if any(is_several(row) for row in rows):
            return label_sets(rows, lambda row: f"labels: row {row}")
    array = np.asarray(labels)
    if array.ndim != 1:
        raise DataError(f"labels have the shape {array.shape}; give one label a row")
    for row in np.flatnonzero(pd.isna(np.asarray(labels, dtype=object))):
        raise DataError(f"labels: row {row} has none; give one a row, or leave the row out")
    return array.astype(str) if array.dtype == object else array


def _labels(examples: Examples) -> npt.NDArray[Any]:
    if examples.labels is None:
        raise DataError(f"{examples.name}: there are no labels; training needs one for each row")
    if len(examples) == 0:
        raise DataError(f"{examples.name}: there are no rows; give at least one")
    if len(examples.labels) != len(examples):
        raise DataError(f"{examples.name}: {len(examples)} rows but {len(examples.labels)} labels; give one a row")
    return examples.labels
