"""Ways to fit a linear model to sparse rows, by scikit-learn; strengths are chosen on a held-out fifth."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..holdout import together
from .model import LinearModel, Matrix

Groups = npt.NDArray[np.int64] | None

STRENGTHS = (0.1, 0.3, 1.0)
"""The inverse penalties of a support vector machine to choose from."""

PENALTIES = (0.3, 1.0, 3.0, 10.0)
"""The penalties of ridge regression to choose from."""

_CHOICE_ROWS = 20_000
_SHARPNESS = np.geomspace(0.5, 20, 40)


def fit_margins(
    x: Matrix, targets: npt.NDArray[np.int64], classes: Sequence[Any], seed: int = 0, groups: Groups = None
) -> LinearModel:
    """Fit a linear support vector machine, one class against the others (Fan et al., "LIBLINEAR", 2008).

    Its margins become probabilities by a softmax whose sharpness, like the strength, has the least log loss on held-out
    rows. `groups` numbers rows that must not be split.
    """
    kept, held_out = _fifth(len(targets), seed, groups)
    if len(np.unique(targets[kept])) < len(classes) or len(held_out) == 0:
        return _margins(x, targets, classes, 1.0, seed)  # too few rows to choose on
    tried = []
    for strength in STRENGTHS:
        model = _margins(x[kept], targets[kept], classes, strength, seed)
        scores = model.scores(x[held_out])
        losses = [_log_loss(sharpness * scores, targets[held_out]) for sharpness in _SHARPNESS]
        tried.append((min(losses), strength, float(_SHARPNESS[int(np.argmin(losses))])))
    _, strength, sharpness = min(tried)
    whole = _margins(x, targets, classes, strength, seed)
    return replace(whole, weight=whole.weight * np.float32(sharpness), bias=whole.bias * np.float32(sharpness))


def fit_sets(x: Matrix, targets: npt.NDArray[Any], names: Sequence[str], seed: int = 0) -> LinearModel:
    """Fit one logistic regression a label; `targets` are 0 and 1 (N, labels)."""
    weights, biases = zip(*(_yes_or_no(x, column, seed) for column in targets.T), strict=True)
    return LinearModel(weight=np.stack(weights), bias=np.array(biases, np.float32), classes=list(names), link="sigmoid")


def fit_numbers(x: Matrix, targets: npt.NDArray[np.float64], seed: int = 0, groups: Groups = None) -> LinearModel:
    """Fit ridge regression (Hoerl and Kennard, 1970); the penalty with the least squared error is taken."""
    kept, held_out = _fifth(len(targets), seed, groups)

    def squared_error(penalty: float) -> float:
        model = _ridge(x[kept], targets[kept], penalty, seed)
        return float(((model.scores(x[held_out])[:, 0] - targets[held_out]) ** 2).mean())

    return _ridge(x, targets, min(PENALTIES, key=squared_error) if len(held_out) else 1.0, seed)


def _margins(
    x: Matrix, targets: npt.NDArray[np.int64], classes: Sequence[Any], strength: float, seed: int
) -> LinearModel:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import LinearSVC

    found = np.unique(targets)
    weight, bias = np.zeros((len(classes), x.shape[1]), np.float32), np.full(len(classes), -3.0, np.float32)
    if len(found) < 2:
        bias[found] = 3.0
        return LinearModel(weight=weight, bias=bias, classes=list(classes))
    machine = LinearSVC(C=strength, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # told by `converged`
        machine.fit(x, targets)
    if len(found) == 2:  # one margin m: softmax of (0, 2 m), as far apart as (−m, m)
        weight[found], bias[found] = (
            np.concatenate([-machine.coef_, machine.coef_]),
            np.concatenate([-machine.intercept_, machine.intercept_]),
        )
    else:
        weight[found], bias[found] = machine.coef_, machine.intercept_
    return LinearModel(
        weight=weight, bias=bias, classes=list(classes), converged=int(machine.n_iter_) < machine.max_iter
    )


def _ridge(x: Matrix, targets: npt.NDArray[np.float64], penalty: float, seed: int) -> LinearModel:
    from sklearn.linear_model import Ridge

    fitted = Ridge(alpha=penalty, solver="sparse_cg", random_state=seed).fit(x, targets)
    bias = np.array([fitted.intercept_], np.float32)
    return LinearModel(weight=fitted.coef_[None].astype(np.float32), bias=bias, classes=["number"], link="identity")


def _yes_or_no(x: Matrix, column: npt.NDArray[Any], seed: int) -> tuple[npt.NDArray[np.float32], float]:
    """Return weight and bias of one label; of one that every row has, or none, a constant."""
    if column.min() == column.max():
        return np.zeros(x.shape[1], np.float32), 6.0 if column[0] else -6.0
    model = LinearModel.fit(x, column.astype(bool), seed=seed, strength=10.0, standardise=False)
    return model.weight[-1], float(model.bias[-1])


def _fifth(rows: int, seed: int, groups: Groups) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    order = together(np.random.default_rng(seed).permutation(rows), groups)[:_CHOICE_ROWS]
    return order[len(order) // 5 :], order[: len(order) // 5]


def _log_loss(scores: npt.NDArray[np.float64], targets: npt.NDArray[np.int64]) -> float:
    scores = scores - scores.max(axis=1, keepdims=True)
    return float((np.log(np.exp(scores).sum(1)) - scores[np.arange(len(targets)), targets]).mean())
