"""Whether probabilities mean what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Bin:
    """Predictions of like confidence: their mean confidence, the share that came true, and how many."""

    confidence: float
    accuracy: float
    count: int


def reliability(confidences: npt.NDArray[Any], correct: npt.NDArray[Any], bins: int = 10) -> list[Bin]:
    """Group predictions into bins of equal width in confidence; empty bins are left out."""
    index = bin_numbers(confidences, bins)
    chosen = [index == number for number in range(bins)]
    return [
        Bin(float(np.mean(confidences[rows])), float(np.mean(correct[rows])), int(rows.sum()))
        for rows in chosen
        if rows.any()
    ]


def bin_numbers(confidences: npt.NDArray[Any], bins: int) -> npt.NDArray[np.int64]:
    """Return the bin (N,) of each confidence; the bins are of equal width."""
    return np.minimum((np.asarray(confidences) * bins).astype(np.int64), bins - 1)


def expected_calibration_error(bins: list[Bin]) -> float:
    """Return Σ count · |accuracy − confidence| / N.

    Source: Guo et al., "On calibration of modern neural networks", 2017.

    >>> round(expected_calibration_error([Bin(0.9, 0.8, 10), Bin(0.6, 0.6, 30)]), 3)
    0.025
    """
    total = sum(one.count for one in bins)
    return sum(one.count * abs(one.accuracy - one.confidence) for one in bins) / max(1, total)
