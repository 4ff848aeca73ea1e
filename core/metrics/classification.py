"""Confusions and what each class got."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class ClassScore(NamedTuple):
    """One class: precision, recall, F1 (0 where undefined) and its number of rows."""

    precision: float
    recall: float
    f1: float
    support: int


def confusion(labels: npt.NDArray[Any], predictions: npt.NDArray[Any], num_classes: int) -> npt.NDArray[np.int64]:
    """Return counts (classes, classes): row = label, column = prediction.

    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    cells = np.bincount(labels * num_classes + predictions, minlength=num_classes**2)
    return cells.reshape(num_classes, num_classes).astype(np.int64)


def class_scores(counts: npt.NDArray[np.int64]) -> list[ClassScore]:
    """Return the scores of each class from a confusion matrix."""
    hits, said, true = np.diag(counts), counts.sum(0), counts.sum(1)
    precision = np.divide(hits, said, out=np.zeros(len(hits)), where=said > 0)
    recall = np.divide(hits, true, out=np.zeros(len(hits)), where=true > 0)
    f1 = np.divide(2 * hits, said + true, out=np.zeros(len(hits)), where=said + true > 0)
    rows = zip(precision, recall, f1, true, strict=True)
    return [ClassScore(float(p), float(r), float(f), int(support)) for p, r, f, support in rows]
