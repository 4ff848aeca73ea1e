"""Logistic regression on one-hot fields and scaled numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...core.linear import LinearModel
from ..data import ClickFeatures, ClickSource

LOGISTIC = "one-hot + logistic regression"

STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""The inverse penalties to choose from, the strictest first."""

_CHOICE_ROWS = 50_000


HASHED = 1 << 18
"""Columns that categories and bins are hashed to where they are more."""


def fit_logistic(source: ClickSource, features: ClickFeatures, seed: int, strength: float = 0.0) -> LinearModel:
    """Fit one weight for each category and each bin of a number, and for the numbers themselves.

    The penalty, unless given, is chosen by the log loss on a fifth of the rows: rare categories want a strict one, fine
    bins do not.
    """
    x, targets = one_hot(source, features), source.labels.astype(np.int64)
    strength = strength or choose_strength(x, targets, seed)
    return LinearModel.fit(x, targets, seed=seed, strength=strength, standardise=False)


def choose_strength(x: Any, targets: npt.NDArray[np.int64], seed: int) -> float:
    """Return the member of `STRENGTHS` with the lowest log loss on held-out rows; the strictest where rows are few."""
    order = np.random.default_rng(seed).permutation(len(targets))[:_CHOICE_ROWS]
    held_out, kept = order[: len(order) // 5], order[len(order) // 5 :]
    if len(np.unique(targets[kept])) < 2 or len(held_out) == 0:
        return STRENGTHS[0]

    def log_loss(strength: float) -> float:
        fitted = LinearModel.fit(x[kept], targets[kept], seed=seed, strength=strength, standardise=False)
        of_truth = fitted.probabilities(x[held_out])[np.arange(len(held_out)), targets[held_out]]
        return -float(np.log(np.maximum(of_truth, 1e-12)).mean())

    return min(STRENGTHS, key=log_loss)


def one_hot(source: ClickSource, features: ClickFeatures) -> Any:
    """Return a CSR matrix (N, Σ sizes + numeric fields + …): one 1 a field, the positions in [0, 1], and a 1 for each
    value that is in a list.

    Where the sizes sum to more than 262,144, ids share so many columns by their hash (Weinberger et al., "Feature
    hashing for large scale multitask learning", 2009).
    """
    from scipy import sparse

    offsets = np.cumsum([0, *features.sizes])
    rows, fields = source.ids.shape
    columns, width = (source.ids + offsets[:-1].astype(np.int32)).ravel(), int(offsets[-1])
    if width > HASHED:
        columns, width = (
            ((columns.astype(np.uint64) * 2_654_435_761) % 2**32 // (2**32 // HASHED)).astype(np.int32),
            HASHED,
        )
    starts = np.arange(0, rows * fields + 1, fields)
    parts = [sparse.csr_matrix((np.ones(rows * fields, np.float32), columns, starts), shape=(rows, width))]
    if features.bins:
        scaled = source.position / np.maximum(1, np.array(features.bins, np.float32))
        parts.append(sparse.csr_matrix(scaled))
    ends = np.cumsum([0, *(one.most for one in features.lists)])
    for one, begin, end in zip(features.lists, ends, ends[1:], strict=False):
        ids = source.lists[:, begin:end]
        row, place = np.nonzero(ids)
        counts = sparse.csr_matrix((np.ones(len(row), np.float32), (row, ids[row, place])), (rows, one.field.size))
        parts.append(counts.minimum(1))
    return sparse.hstack(parts, format="csr") if len(parts) > 1 else parts[0]
