"""How well scores put clicks first, over all rows and within groups of them (users, queries)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .calibration import bin_numbers
from .intervals import Floats
from .statistics import Ratio, log_loss

# Shapes: R weightings, N rows, G groups.


class GroupAuc:
    """The area under the ROC curve within each group, averaged by the groups' rows; groups of one class are left out.

    GAUC of Zhu et al., "Optimized Cost per Click in Taobao Display Advertising", 2017. Ties count half. Rows whose
    group is below 0 have none, and are left out.
    """

    greater_is_better = True

    def __init__(self, labels: npt.NDArray[Any], scores: npt.NDArray[Any], groups: npt.NDArray[Any]):
        self.units, order = np.asarray(groups), np.lexsort((scores, groups))
        self.order = order[self.units[order] >= 0]
        score, group = np.asarray(scores)[self.order], np.asarray(groups)[self.order]
        self.positive = np.asarray(labels)[self.order].astype(np.float64)
        begins = _begins(group)
        self.ties = np.flatnonzero(begins | _begins(score))
        self.groups = np.flatnonzero(begins[self.ties])

    def __len__(self) -> int:
        return len(self.units)

    def values(self, weights_RN: Floats) -> Floats:
        """Return the average (R,); NaN where no group has both classes."""
        if not len(self.order):
            return np.full(len(weights_RN), np.nan)
        weights = weights_RN[:, self.order]
        positive = np.add.reduceat(weights * self.positive, self.ties, axis=1)
        negative = np.add.reduceat(weights * (1 - self.positive), self.ties, axis=1)
        before = np.cumsum(negative, axis=1) - negative  # of all groups: that of a group's first tie is taken off
        sizes = np.diff(np.r_[self.groups, positive.shape[1]])
        below = before - np.repeat(before[:, self.groups], sizes, axis=1) + negative / 2
        wins, clicks, others = (np.add.reduceat(x, self.groups, axis=1) for x in (positive * below, positive, negative))
        pairs = clicks * others
        rows = np.where(pairs > 0, clicks + others, 0.0)
        areas = np.divide(wins, pairs, out=np.zeros_like(pairs), where=pairs > 0)
        total = rows.sum(1)
        found: Floats = np.divide((rows * areas).sum(1), total, out=np.full(len(total), np.nan), where=total > 0)
        return found


class NormalisedEntropy:
    """Log loss over that of always saying the share of clicks; below 1 is better than knowing nothing.

    He et al., "Practical Lessons from Predicting Clicks on Ads at Facebook", 2014, equation 1.
    """

    greater_is_better = False

    def __init__(self, labels: npt.NDArray[Any], probabilities: npt.NDArray[Any]):
        self.labels = np.asarray(labels, np.float64)
        self.losses = log_loss(labels, probabilities).numerators

    def __len__(self) -> int:
        return len(self.labels)

    def values(self, weights_RN: Floats) -> Floats:
        """Return the ratio (R,); NaN where a weighting leaves one class only."""
        total = weights_RN.sum(1)
        share = weights_RN @ self.labels / total
        with np.errstate(divide="ignore", invalid="ignore"):
            entropy = -share * np.log(share) - (1 - share) * np.log1p(-share)
            return np.asarray(weights_RN @ self.losses / total / entropy)


class CalibrationError:
    """Σ over bins of like probability of |clicks − Σ p|, over the rows: the expected calibration error of a click."""

    greater_is_better = False
    grows_with_noise = True

    def __init__(self, labels: npt.NDArray[Any], probabilities: npt.NDArray[Any], bins: int = 10):
        p = np.asarray(probabilities, np.float64)
        self.numbers, self.bins = bin_numbers(p, bins), bins
        self.excess = np.asarray(labels, np.float64) - p

    def __len__(self) -> int:
        return len(self.excess)

    def values(self, weights_RN: Floats) -> Floats:
        """Return the error (R,)."""
        sums = np.stack([weights_RN @ np.where(self.numbers == bin, self.excess, 0.0) for bin in range(self.bins)])
        return np.asarray(np.abs(sums).sum(0) / weights_RN.sum(1))


def ndcg(labels: npt.NDArray[Any], scores: npt.NDArray[Any], groups: npt.NDArray[Any], k: int) -> Ratio:
    """Return the discounted gain of the k best of each group over the best possible, averaged over the groups that have
    a click (Järvelin and Kekäläinen, 2002), as scikit-learn's `ndcg_score`: tied rows share what they get.

    >>> from .intervals import value_of
    >>> value_of(ndcg(np.array([0, 1, 1]), np.array([3.0, 2.0, 1.0]), np.zeros(3), k=1))
    0.0
    """
    discounts = 1 / np.log2(np.arange(2, k + 2))

    def gain(hits: Floats, ranks: npt.NDArray[np.int64]) -> Floats:
        return hits * np.where(ranks < k, discounts[np.minimum(ranks, k - 1)], 0.0)

    return _by_group(labels, scores, groups, gain, ideal=lambda clicks: np.cumsum(discounts)[np.minimum(clicks, k) - 1])


def recall(labels: npt.NDArray[Any], scores: npt.NDArray[Any], groups: npt.NDArray[Any], k: int) -> Ratio:
    """Return the share of a group's clicks that are among its k best, averaged over the groups that have one; tied rows
    share what they get."""
    return _by_group(
        labels, scores, groups, lambda hits, ranks: hits * (ranks < k), ideal=lambda clicks: clicks.astype(np.float64)
    )


def _by_group(labels: Any, scores: Any, groups: Any, gain: Any, ideal: Any) -> Ratio:
    """Return a mean over groups as a ratio whose rows are the groups' first, so that groups are what is resampled."""
    order = np.lexsort((-np.asarray(scores, np.float64), groups))
    order = order[np.asarray(groups)[order] >= 0]
    numerators, denominators = np.zeros(len(labels)), np.zeros(len(labels))
    if not len(order):
        return Ratio(numerators, denominators)
    score, group = np.asarray(scores)[order], np.asarray(groups)[order]
    hits = np.asarray(labels)[order].astype(np.float64)
    begins = _begins(group)
    starts, ties = np.flatnonzero(begins), np.flatnonzero(begins | _begins(score))
    numbers = np.cumsum(begins) - 1
    ranks = np.arange(len(order)) - starts[numbers]
    shared = np.repeat(np.add.reduceat(hits, ties) / np.diff(np.r_[ties, len(order)]), np.diff(np.r_[ties, len(order)]))
    clicks = np.add.reduceat(hits, starts).astype(np.int64)
    gained = np.add.reduceat(gain(shared, ranks), starts)
    with_clicks = clicks > 0
    first = order[starts[with_clicks]]
    numerators[first] = gained[with_clicks] / ideal(clicks[with_clicks])
    denominators[first] = 1.0
    return Ratio(numerators, denominators)


def _begins(ordered: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return where a value differs from the one before."""
    return np.r_[True, ordered[1:] != ordered[:-1]] if len(ordered) else np.zeros(0, np.bool_)
