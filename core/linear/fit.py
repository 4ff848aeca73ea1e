"""Classes, several labels and numbers from sparse rows, by scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .choice import Groups, Weights, fifth
from .model import LinearModel, Matrix

STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0)
"""The inverse penalties of logistic regression to choose from."""

PENALTIES = (0.3, 1.0, 3.0, 10.0)
"""The penalties of ridge regression to choose from."""


def fit_sets(
    x: Matrix, targets: npt.NDArray[Any], names: Sequence[str], seed: int = 0, weights: Weights = None
) -> LinearModel:
    """Fit one logistic regression a label; `targets` are 0 and 1, `weights` what each counts (N, labels)."""
    counts = np.ones_like(targets) if weights is None else weights
    found = [_yes_or_no(x, *columns, seed) for columns in zip(targets.T, counts.T, strict=True)]
    weight, bias = (np.array(part, np.float32) for part in zip(*found, strict=True))
    return LinearModel(weight=weight, bias=bias, classes=list(names), link="sigmoid")


def fit_logistic(
    x: Matrix,
    targets: npt.NDArray[np.int64],
    classes: Sequence[Any],
    seed: int = 0,
    groups: Groups = None,
    weights: Weights = None,
    *,
    strength: float | None = None,
) -> LinearModel:
    """Fit one logistic regression over all classes; `targets` are their numbers.

    The strength, unless given, is the one with the least log loss on a held-out fifth.
    """
    kept, held_out = fifth(len(targets), seed, groups)
    held_out = held_out[np.isin(targets[held_out], targets[kept])]

    def fitted(rows: Any, strength: float) -> LinearModel:
        counts = None if weights is None else weights[rows]
        found = LinearModel.fit(x[rows], targets[rows], seed=seed, strength=strength, standardise=False, weights=counts)
        return found.widened(classes)

    def log_loss(strength: float) -> float:
        of_truth = fitted(kept, strength).probabilities(x[held_out])[np.arange(len(held_out)), targets[held_out]]
        return -float(np.log(np.maximum(of_truth, 1e-12)).mean())

    if strength is None:
        strength = min(STRENGTHS, key=log_loss) if len(held_out) else STRENGTHS[0]
    return fitted(np.arange(len(targets)), strength)


def fit_numbers(x: Matrix, targets: npt.NDArray[np.float64], seed: int = 0, groups: Groups = None) -> LinearModel:
    """Fit ridge regression (Hoerl and Kennard, 1970); the penalty with the least squared error is taken."""
    kept, held_out = fifth(len(targets), seed, groups)

    def squared_error(penalty: float) -> float:
        model = _ridge(x[kept], targets[kept], penalty, seed)
        return float(((model.scores(x[held_out])[:, 0] - targets[held_out]) ** 2).mean())

    return _ridge(x, targets, min(PENALTIES, key=squared_error) if len(held_out) else 1.0, seed)


def _ridge(x: Matrix, targets: npt.NDArray[np.float64], penalty: float, seed: int) -> LinearModel:
    from sklearn.linear_model import Ridge

    fitted = Ridge(alpha=penalty, solver="sparse_cg", random_state=seed).fit(x, targets)
    bias = np.array([fitted.intercept_], np.float32)
    return LinearModel(weight=fitted.coef_[None].astype(np.float32), bias=bias, classes=["number"], link="identity")


def _yes_or_no(
    x: Matrix, column: npt.NDArray[Any], weights: npt.NDArray[Any], seed: int
) -> tuple[npt.NDArray[np.float32], float]:
    """Return weight and bias of one label; of one that every row has, or none, a constant."""
    if column.min() == column.max():
        return np.zeros(x.shape[1], np.float32), 6.0 if column[0] else -6.0
    model = LinearModel.fit(x, column.astype(bool), seed=seed, strength=10.0, standardise=False, weights=weights)
    return model.weight[-1], float(model.bias[-1])
