"""Metrics of numbers, as functions of row weights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .intervals import Floats
from .statistics import Ratio

Numbers = npt.NDArray[np.float64]


class R2:
    """The share of the variance that is explained, 1 − Σ(y − ŷ)² / Σ(y − mean)²; NaN where all labels are equal."""

    greater_is_better = True

    def __init__(self, labels: Numbers, predictions: Numbers):
        self.labels = np.asarray(labels, np.float64)
        self.squares = (self.labels - predictions) ** 2

    def __len__(self) -> int:
        return len(self.labels)

    def values(self, weights_RN: Floats) -> Floats:
        """Return the coefficient of determination (R,)."""
        spread = _variance(weights_RN, self.labels)
        missed = weights_RN @ self.squares / weights_RN.sum(1)
        return np.asarray(1 - np.divide(missed, spread, out=np.full(len(missed), np.nan), where=spread > 0))


class Rmse:
    """The root of the mean squared error."""

    greater_is_better = False

    def __init__(self, labels: Numbers, predictions: Numbers):
        self.squares = (np.asarray(labels, np.float64) - predictions) ** 2

    def __len__(self) -> int:
        return len(self.squares)

    def values(self, weights_RN: Floats) -> Floats:
        """Return the error (R,)."""
        return np.asarray(np.sqrt(weights_RN @ self.squares / weights_RN.sum(1)))


class Pearson:
    """The linear correlation of labels and predictions (Pearson, 1895); NaN where either does not vary.

    >>> from .intervals import value_of
    >>> round(value_of(Pearson(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]))), 6)
    1.0
    """

    greater_is_better = True

    def __init__(self, labels: Numbers, predictions: Numbers):
        # Centred at first, so that the weighted variances lose no digits.
        self.labels = np.asarray(labels, np.float64) - np.mean(labels)
        self.predictions = np.asarray(predictions, np.float64) - np.mean(predictions)

    def __len__(self) -> int:
        return len(self.labels)

    def values(self, weights_RN: Floats) -> Floats:
        """Return the correlation (R,)."""
        total = weights_RN.sum(1)
        means = (weights_RN @ self.labels) * (weights_RN @ self.predictions) / total**2
        together = weights_RN @ (self.labels * self.predictions) / total - means
        spread = np.sqrt(_variance(weights_RN, self.labels) * _variance(weights_RN, self.predictions))
        return np.asarray(np.divide(together, spread, out=np.full(len(total), np.nan), where=spread > 0))


def spearman(labels: Numbers, predictions: Numbers) -> Pearson:
    """Return the correlation of ranks (Spearman, 1904); those of all rows, also where rows are resampled."""
    from scipy.stats import rankdata

    return Pearson(rankdata(labels), rankdata(predictions))


def mean_absolute_error(labels: Numbers, predictions: Numbers) -> Ratio:
    """Return the mean of |y − ŷ|; lower is better."""
    return Ratio(np.abs(np.asarray(labels) - predictions), np.ones(len(labels)), greater_is_better=False)


def _variance(weights_RN: Floats, values: Numbers) -> Floats:
    total = weights_RN.sum(1)
    return np.asarray(np.maximum(0, weights_RN @ values**2 / total - (weights_RN @ values / total) ** 2))
