"""Metrics where a row has several labels at once: matrices (N, labels) of 0 and 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .classification import ClassScore
from .intervals import Floats
from .statistics import Ratio


def f1(labels: npt.NDArray[Any], said: npt.NDArray[Any]) -> Ratio:
    """Return 2·TP / (2·TP + FP + FN) over all rows and labels: scikit-learn's micro F1, or F1 for one column.

    >>> from .intervals import value_of
    >>> value_of(f1(np.array([[1, 0], [1, 1]]), np.array([[1, 1], [1, 1]]))) == 6 / 7
    True
    """
    labels, said = np.atleast_2d(labels.T).T, np.atleast_2d(said.T).T
    hits = (labels * said).sum(1, dtype=np.float64)
    return Ratio(2 * hits, labels.sum(1, dtype=np.float64) + said.sum(1, dtype=np.float64))


def exact(labels: npt.NDArray[Any], said: npt.NDArray[Any]) -> Ratio:
    """Return the share of rows all of whose labels are right: scikit-learn's accuracy of several labels."""
    return Ratio((labels == said).all(1).astype(np.float64), np.ones(len(labels)))


def binary_log_loss(labels: npt.NDArray[Any], probabilities: npt.NDArray[Any]) -> Ratio:
    """Return the mean over rows and labels of −log p(what is true)."""
    p = np.clip(np.asarray(probabilities, np.float64), 1e-7, 1 - 1e-7)
    losses = -np.log(np.where(labels > 0, p, 1 - p)).mean(1)
    return Ratio(losses, np.ones(len(losses)), greater_is_better=False)


class SetMacroF1:
    """The mean over the labels that are present or said of F1, as scikit-learn's `f1_score(average="macro")`."""

    greater_is_better = True

    def __init__(self, labels: npt.NDArray[Any], said: npt.NDArray[Any]):
        self.labels, self.said = labels.astype(np.float64), said.astype(np.float64)

    def __len__(self) -> int:
        return len(self.labels)

    def values(self, weights_RN: Floats) -> Floats:
        """Return the macro F1 (R,)."""
        total = weights_RN @ (self.labels + self.said)
        scores = np.divide(
            2 * (weights_RN @ (self.labels * self.said)), total, out=np.zeros_like(total), where=total > 0
        )
        return np.asarray(scores.sum(1) / np.maximum(1, (total > 0).sum(1)))


def set_scores(labels: npt.NDArray[Any], said: npt.NDArray[Any]) -> list[ClassScore]:
    """Return precision, recall, F1 and rows of each label."""
    hits, claimed, true = (labels * said).sum(0), said.sum(0), labels.sum(0)
    return [
        ClassScore(
            float(hit / max(1, said_)), float(hit / max(1, count)), float(2 * hit / max(1, said_ + count)), int(count)
        )
        for hit, said_, count in zip(hits, claimed, true, strict=True)
    ]
