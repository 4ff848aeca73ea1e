"""The metrics as functions of row weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .intervals import Floats, Statistic

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ratio:
    """Σ numerator / Σ denominator over the rows: accuracy, log loss, word error rate.

    >>> from .intervals import value_of
    >>> value_of(Ratio(np.array([1.0, 0.0, 2.0]), np.array([4.0, 1.0, 5.0]), greater_is_better=False))
    0.3
    """

    numerators: Floats
    denominators: Floats
    greater_is_better: bool = True

    def __len__(self) -> int:
        return len(self.numerators)

    def values(self, weights_RN: Floats) -> Floats:
        """Return the ratio (R,); NaN where the denominators sum to 0."""
        below = weights_RN @ self.denominators
        rates: Floats = np.divide(weights_RN @ self.numerators, below, out=np.full(len(below), np.nan), where=below > 0)
        return rates


class RocAuc:
    """The chance that a positive row scores above a negative one, ties counting half (Mann and Whitney, 1947)."""

    greater_is_better = True

    def __init__(self, labels: npt.NDArray[Any], scores: npt.NDArray[Any]):
        self.order = np.argsort(scores, kind="stable")
        ordered = np.asarray(scores)[self.order]
        self.starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else np.zeros(0, int)
        self.positive = np.asarray(labels)[self.order].astype(np.float64)

    def __len__(self) -> int:
        return len(self.order)

    def values(self, weights_RN: Floats) -> Floats:
        """Return the area (R,); NaN where a weighting leaves one class only."""
        weights = weights_RN[:, self.order]
        positive = np.add.reduceat(weights * self.positive, self.starts, axis=1)
        negative = np.add.reduceat(weights * (1 - self.positive), self.starts, axis=1)
        below = np.cumsum(negative, axis=1) - negative / 2
        pairs = positive.sum(1) * negative.sum(1)
        areas: Floats = np.divide((positive * below).sum(1), pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
        return areas


class Among:
    """A statistic of some of the rows; the others count nothing.

    >>> from .intervals import value_of
    >>> labels, clicked = np.array([1, 0, 1, 0]), np.array([0, 2])
    >>> value_of(Among(Ratio(labels[clicked], np.ones(2)), clicked, rows=4))
    1.0
    """

    def __init__(self, statistic: Statistic, chosen: Integers, rows: int):
        self.statistic, self.chosen, self.rows = statistic, chosen, rows
        self.greater_is_better = statistic.greater_is_better

    def __len__(self) -> int:
        return self.rows

    def values(self, weights_RN: Floats) -> Floats:
        """Return what the statistic is with the weights of its own rows (R,)."""
        return self.statistic.values(weights_RN[:, self.chosen])


class MacroF1:
    """The mean over the classes present of 2·TP / (2·TP + FP + FN), as scikit-learn's `f1_score(average="macro")`."""

    greater_is_better = True

    def __init__(self, labels: Integers, predictions: Integers):
        self.labels, self.predictions = labels, predictions
        self.classes = np.union1d(labels, predictions)

    def __len__(self) -> int:
        return len(self.labels)

    def values(self, weights_RN: Floats) -> Floats:
        """Return the macro F1 (R,)."""
        true = weights_RN @ _one_hot(self.labels, self.classes)
        said = weights_RN @ _one_hot(self.predictions, self.classes)
        hits = weights_RN @ _one_hot(np.where(self.labels == self.predictions, self.labels, -1), self.classes)
        total, present = true + said, (true + said) > 0
        scores = np.divide(2 * hits, total, out=np.zeros_like(total), where=present)
        return np.asarray(scores.sum(1) / np.maximum(1, present.sum(1)))


def accuracy(labels: Integers, predictions: Integers) -> Ratio:
    """Return the share of rows whose prediction is the label."""
    return Ratio((labels == predictions).astype(np.float64), np.ones(len(labels)))


def log_loss(labels: Integers, probabilities: npt.NDArray[Any]) -> Ratio:
    """Return the mean of −log p(label), from probabilities (N, classes) or, for two classes, p(1) (N,).

    As in scikit-learn, probabilities are kept the machine epsilon of their type away from 0 and 1.
    """
    p = np.asarray(probabilities)
    p = p if np.issubdtype(p.dtype, np.floating) else p.astype(np.float64)
    chosen = np.where(labels == 1, p, 1 - p) if p.ndim == 1 else p[np.arange(len(p)), labels]
    smallest = np.finfo(p.dtype).eps
    losses = -np.log(np.clip(chosen, smallest, 1 - smallest).astype(np.float64))
    return Ratio(losses, np.ones(len(losses)), greater_is_better=False)


def _one_hot(values: Integers, classes: Integers) -> Any:
    """Return a sparse (N, classes) matrix of 0 and 1; a value that is no class has an empty row."""
    from scipy.sparse import csr_array

    rows = np.flatnonzero(np.isin(values, classes))
    columns = np.searchsorted(classes, values[rows])
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(values), len(classes)))
