"""One class for each row: support vectors and naive Bayes as one linear model.

As in Wang and Manning, "Baselines and bigrams" (2012): a linear support vector machine (Fan et al., "LIBLINEAR", 2008)
tells each class from the others on features that are stretched by |log p(feature | class) / p(feature | others)|, so
that what tells the class is punished less for it. Multinomial naive Bayes is linear too, and the probabilities are
softmax(a · margins + b · naive Bayes).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..blend import exponents
from .choice import Groups, fifth
from .model import LinearModel, Matrix

Targets = npt.NDArray[np.int64]

STRENGTHS = (0.1, 0.3, 1.0)
"""The inverse penalties of the support vector machine to choose from."""

STRETCHES = (0.0, 0.25, 0.5, 0.75)
"""To choose from: 0 leaves the features as they are, 1 would multiply each by its ratio."""

_FIRST_STRETCH = 0.25
_COUNTED, _WEIGHED = 1.0, 0.03
"""What is added to each count before its ratio, and to each sum of TF-IDF weights for naive Bayes."""


@dataclass(frozen=True, kw_only=True)
class _Scores:
    """Linear scores: `weight` (classes, features), `bias` (classes,)."""

    weight: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    converged: bool = True

    def __call__(self, x: Matrix) -> npt.NDArray[np.float64]:
        return np.asarray(x @ self.weight.T, np.float64) + self.bias


def fit_margins(
    x: Matrix, targets: Targets, classes: Sequence[Any], seed: int = 0, groups: Groups = None
) -> LinearModel:
    """Fit to sparse features (N, features) that are 0 or above; `targets` are the numbers of the classes.

    Strength, stretch and the two factors are those with the least log loss on a held-out fifth. `groups` numbers rows
    that must not be split.
    """
    found = np.unique(targets)
    if len(found) < 2:
        bias = np.full(len(classes), -3.0, np.float32)
        bias[found] = 3.0
        return LinearModel(weight=np.zeros((len(classes), x.shape[1]), np.float32), bias=bias, classes=list(classes))
    kept, held_out = fifth(len(targets), seed, groups)
    if len(np.unique(targets[kept])) < len(classes) or len(held_out) == 0:  # too few rows to choose on
        return _one([1.0], [_machine(x, targets, len(classes), 1.0, 0.0, seed)], classes)
    tried: dict[tuple[float, float], tuple[list[float], float]] = {}

    def loss(strength: float, stretch: float) -> float:
        if (strength, stretch) not in tried:
            branches = _branches(x[kept], targets[kept], len(classes), strength, stretch, seed)
            scores = [branch(x[held_out]) for branch in branches]
            tried[strength, stretch] = exponents(scores, targets[held_out], "softmax")
        return tried[strength, stretch][1]

    strength = min(STRENGTHS, key=lambda one: loss(one, _FIRST_STRETCH))
    stretch = min(STRETCHES, key=lambda one: loss(strength, one))
    factors, _ = tried[strength, stretch]
    return _one(factors, _branches(x, targets, len(classes), strength, stretch, seed), classes)


def _one(factors: Sequence[float], branches: Sequence[_Scores], classes: Sequence[Any]) -> LinearModel:
    """Return the weighted sum of linear scores as one model."""
    pairs = list(zip(factors, branches, strict=True))
    return LinearModel(
        weight=np.asarray(sum(np.float32(factor) * branch.weight for factor, branch in pairs)),
        bias=np.asarray(sum(np.float32(factor) * branch.bias for factor, branch in pairs)),
        classes=list(classes),
        converged=all(branch.converged for branch in branches),
    )


def _branches(x: Matrix, targets: Targets, classes: int, strength: float, stretch: float, seed: int) -> list[_Scores]:
    return [_machine(x, targets, classes, strength, stretch, seed), _naive_bayes(x, targets, classes)]


def _machine(x: Matrix, targets: Targets, classes: int, strength: float, stretch: float, seed: int) -> _Scores:
    """Fit one class against the others; a class without rows is far below all."""
    from scipy.sparse import diags
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import LinearSVC

    weight, bias = np.zeros((classes, x.shape[1]), np.float32), np.full(classes, -3.0, np.float32)
    counts = _sums(x > 0, targets, classes) if stretch else None
    converged = True
    found = np.unique(targets)
    for number in found[1:] if len(found) == 2 else found:
        machine = LinearSVC(C=strength, random_state=seed)
        factor = None if counts is None else _stretched(counts, number, stretch)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # told by `converged`
            machine.fit(x if factor is None else x @ diags(factor), targets == number)
        weight[number] = machine.coef_[0] if factor is None else machine.coef_[0] * factor
        bias[number] = machine.intercept_[0]
        converged = converged and int(machine.n_iter_) < machine.max_iter
    if len(found) == 2:  # one margin m: softmax of (−m, m)
        weight[found[0]], bias[found[0]] = -weight[found[1]], -bias[found[1]]
    return _Scores(weight=weight, bias=bias, converged=converged)


def _stretched(counts: Matrix, number: int, stretch: float) -> npt.NDArray[np.float32]:
    """Return the factor of each feature for a class, of mean square 1."""
    inside = counts[number].toarray()[0]
    outside = np.asarray(counts.sum(0))[0] - inside
    ratio = np.abs(_log_shares(inside + _COUNTED) - _log_shares(outside + _COUNTED))
    factor = (1 - stretch) * ratio.mean() + stretch * ratio
    return np.asarray(factor / max(float(np.sqrt((factor**2).mean())), 1e-12), np.float32)


def _naive_bayes(x: Matrix, targets: Targets, classes: int) -> _Scores:
    """Fit multinomial naive Bayes to TF-IDF weights (Rennie et al., "Tackling the poor assumptions", 2003)."""
    rows = np.bincount(targets, minlength=classes) + 1
    weight = _log_shares(_sums(x, targets, classes).toarray() + np.float32(_WEIGHED))
    return _Scores(weight=weight, bias=_log_shares(rows).astype(np.float32))


def _sums(x: Matrix, targets: Targets, classes: int) -> Matrix:
    """Return the sum of the rows of each class, (classes, features)."""
    from scipy.sparse import csr_matrix

    rows = len(targets)
    members = csr_matrix((np.ones(rows, np.float32), (targets, np.arange(rows))), shape=(classes, rows))
    return members @ x.astype(np.float32)


def _log_shares(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.asarray(np.log(values) - np.log(values.sum(-1, keepdims=True)))
