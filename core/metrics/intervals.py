"""Confidence intervals by the bootstrap (Efron, 1979), for one model and for the difference of two on the same rows.

A metric is written as a function of row weights, so that a resample is a row of counts and many are one matrix. Of more
than 50,000 rows the interval is that of Student's t over 20 parts of them (batch means), which is as good there and
does not take a thousand passes over them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MANY, _PARTS = 50_000, 20
"""Rows from which on parts are looked at, and how many."""

_CELLS = 2_000_000
"""Weights held at once: 16 MB."""


@dataclass(frozen=True)
class Interval:
    """A value with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


class Statistic(Protocol):
    """A metric over N rows."""

    @property
    def greater_is_better(self) -> bool:
        """Whether more is better."""
        ...

    def __len__(self) -> int: ...

    def values(self, weights_RN: Floats) -> Floats:
        """Return the metric (R,) under R weightings of the rows."""
        ...


def value_of(statistic: Statistic) -> float:
    """Return the metric over all rows, each with the weight 1."""
    return float(statistic.values(np.ones((1, len(statistic))))[0])


def interval(statistic: Statistic, *, seed: int = 0, resamples: int = 1000) -> Interval:
    """Return a metric with its 95 % percentile interval.

    Where all rows are right, or none (or no word of any utterance is wrong), every resample says the same: the other
    end is then that of Clopper and Pearson (1934, Biometrika 26), 1 − 0.025^(1/N) from the bound, about 3.7 / N.

    A metric that `grows_with_noise`, as a sum of distances does, is larger on resamples than on the rows: what they say
    of its scatter is laid around the value.
    """
    if (bound := _at_bound(statistic)) is not None:
        return bound
    if len(statistic) > MANY:
        return _of_parts(value_of(statistic), [statistic.values(weights) for weights in _parts(statistic, seed)])
    weightings, value = _resampled(len(statistic), seed, resamples), value_of(statistic)
    samples = np.concatenate([statistic.values(weights) for weights in weightings])
    if getattr(statistic, "grows_with_noise", False):
        samples = np.maximum(0.0, samples - np.nanmedian(samples) + value)
    return _interval(value, samples)


def difference(first: Statistic, second: Statistic, *, seed: int = 0, resamples: int = 1000) -> Interval:
    """Return how much better `first` is than `second` on the same rows (positive: better), with its 95 % interval."""
    assert len(first) == len(second), "paired statistics need the same rows"
    sign = 1.0 if first.greater_is_better else -1.0
    value = sign * (value_of(first) - value_of(second))
    many = len(first) > MANY
    weightings = _parts(first, seed) if many else _resampled(len(first), seed, resamples)
    samples = [sign * (first.values(weights) - second.values(weights)) for weights in weightings]
    return _of_parts(value, samples) if many else _interval(value, np.concatenate(samples))


def _at_bound(statistic: Statistic) -> Interval | None:
    """Return the exact interval of a share that is 0 or 1, whose rows count as right or wrong as a whole; None for any
    other statistic, a mean of distances (a denominator of 1 each, less is better) among them."""
    hits, below = getattr(statistic, "numerators", None), getattr(statistic, "denominators", None)
    if hits is None or below is None:
        return None
    hits, below = np.asarray(hits), np.asarray(below)
    rows = int((below > 0).sum())
    if rows == 0 or not (statistic.greater_is_better or (below != 1).any()):
        return None
    reach = 1 - 0.025 ** (1 / rows)
    if np.all(hits == 0):
        return Interval(0.0, 0.0, reach)
    return Interval(1.0, 1 - reach, 1.0) if statistic.greater_is_better and np.all(hits == below) else None


def _interval(value: float, samples: Floats) -> Interval:
    samples = samples[np.isfinite(samples)]
    if len(samples) == 0:
        return Interval(value, float("nan"), float("nan"))
    low, high = np.percentile(samples, [2.5, 97.5])
    return Interval(value, float(low), float(high))


def _of_parts(value: float, samples: list[Floats]) -> Interval:
    """Return the interval that the scatter of a metric over equal parts of the rows says."""
    from scipy.special import stdtrit

    found = np.concatenate(samples)
    found = found[np.isfinite(found)]
    if len(found) < 2:
        return Interval(value, float("nan"), float("nan"))
    half = float(stdtrit(len(found) - 1, 0.975) * np.std(found, ddof=1)) / math.sqrt(len(found))
    return Interval(value, value - half, value + half)


def _parts(statistic: Statistic, seed: int) -> Iterator[Floats]:
    """Yield weightings that pick out one part of the rows each; rows of one unit, where it has such, stay together."""
    units = getattr(statistic, "units", None)
    rows = np.arange(len(statistic)) if units is None else np.unique(units, return_inverse=True)[1]
    part = (np.random.default_rng((seed, len(rows))).permutation(int(rows.max()) + 1) % _PARTS)[rows]
    for number in range(_PARTS):
        yield (part == number).astype(np.float64)[None]


def _resampled(rows: int, seed: int, resamples: int) -> Iterator[Floats]:
    random = np.random.default_rng((seed, rows))
    chunk = max(1, _CELLS // max(1, rows))
    for start in range(0, resamples, chunk):
        count = min(chunk, resamples - start)
        draws = random.integers(rows, size=(count, rows)) + np.arange(count)[:, None] * rows
        counts: npt.NDArray[Any] = np.bincount(draws.ravel(), minlength=count * rows)
        yield counts.reshape(count, rows).astype(np.float64)
