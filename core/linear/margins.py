"""One class for each row: support vectors and naive Bayes as one linear model.

As in Wang and Manning, "Baselines and bigrams" (2012): a linear support vector machine (Fan et al., "LIBLINEAR", 2008)
tells each class from the others on features that are stretched by |log p(feature | class) / p(feature | others)|, so
that what tells the class is punished less for it. Multinomial naive Bayes is linear too, and the probabilities are
softmax(a · margins + b · naive Bayes).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..blend import exponents
from .choice import Groups, Weights, fifth
from .model import LinearModel, Matrix

Targets = npt.NDArray[np.int64]
Counts = npt.NDArray[np.float32]

STRENGTHS = (0.1, 0.3, 1.0)
"""The inverse penalties of the support vector machine to choose from."""

STRETCHES = (0.0, 0.25, 0.5, 0.75)
"""To choose from: 0 leaves the features as they are, 1 would multiply each by its ratio."""

SMOOTHINGS = (0.03, 0.01, 0.1, 0.3, 1.0)
"""What naive Bayes may add to each sum of weights, the first where rows are too few to choose."""

_COUNTED = 1.0
"""What is added to each count before its ratio."""


def fit_margins(
    x: Matrix,
    targets: Targets,
    classes: Sequence[Any],
    seed: int = 0,
    groups: Groups = None,
    weights: Weights = None,
    *,
    strength: float | None = None,
) -> LinearModel:
    """Fit to sparse features (N, features) that are 0 or above; `targets` are the numbers of the classes.

    Strength, unless given, stretch and the two factors are those with the least log loss on a held-out fifth. `groups`
    numbers rows that must not be split; `weights` says what each row counts.
    """
    choices = (_strengths(strength), STRETCHES)
    return _fit(x, targets, list(classes), seed, (groups, weights), choices, bayes=True)


def fit_machine(
    x: Matrix,
    targets: Targets,
    classes: Sequence[Any],
    seed: int = 0,
    groups: Groups = None,
    weights: Weights = None,
    *,
    strength: float | None = None,
) -> LinearModel:
    """Fit the support vector machine alone, to dense or sparse features as they are.

    Strength, unless given, and temperature are those with the least log loss on a held-out fifth.
    """
    choices = (_strengths(strength), (0.0,))
    return _fit(x, targets, list(classes), seed, (groups, weights), choices, bayes=False)


def fit_bayes(
    x: Matrix,
    targets: Targets,
    classes: Sequence[Any],
    seed: int = 0,
    groups: Groups = None,
    weights: Weights = None,
    *,
    smoothing: float | None = None,
) -> LinearModel:
    """Fit multinomial naive Bayes alone, to features that are 0 or above.

    What is added to each sum of weights, unless given, and the temperature are those with the least log loss on a
    held-out fifth.
    """
    names, tried = list(classes), SMOOTHINGS if smoothing is None else (smoothing,)
    counts = np.ones(len(targets), np.float32) if weights is None else weights
    kept, held_out = _rows(targets, seed, groups)
    if len(np.unique(targets[kept])) < 2 or len(held_out) == 0:  # too few rows to choose on
        return _naive_bayes(x, targets, counts, names, tried[0])
    found = {}
    for one in tried:
        model = _naive_bayes(x[kept], targets[kept], counts[kept], names, one)
        factors, loss = exponents([model.scores(x[held_out])], targets[held_out], "softmax", counts[held_out])
        found[one] = (loss, np.float32(factors[0]))
    best = min(found, key=lambda one: found[one][0])
    model, factor = _naive_bayes(x, targets, counts, names, best), found[best][1]
    return replace(model, weight=factor * model.weight, bias=factor * model.bias)


def _strengths(given: float | None) -> tuple[float, ...]:
    return STRENGTHS if given is None else (given,)


def _fit(
    x: Matrix,
    targets: Targets,
    names: list[Any],
    seed: int,
    rows: tuple[Groups, Weights],
    choices: tuple[tuple[float, ...], tuple[float, ...]],
    *,
    bayes: bool,
) -> LinearModel:
    """Choose strength and stretch, and fit to all rows, with naive Bayes where it is wanted."""
    (groups, weights), (strengths, stretches) = rows, choices
    first_stretch = stretches[min(1, len(stretches) - 1)]
    counts = np.ones(len(targets), np.float32) if weights is None else weights
    kept, held_out = _rows(targets, seed, groups)
    if len(np.unique(targets[kept])) < 2 or len(held_out) == 0:  # too few rows to choose on
        return _machine(x, targets, counts, names, strengths[-1], 0.0, seed)
    x_kept, x_held_out = x[kept], x[held_out]
    beside = [_naive_bayes(x_kept, targets[kept], counts[kept], names)] if bayes else []
    tried: dict[tuple[float, float], tuple[list[float], float]] = {}

    def loss(strength: float, stretch: float) -> float:
        if (strength, stretch) not in tried:
            machine = _machine(x_kept, targets[kept], counts[kept], names, strength, stretch, seed)
            scores = [branch.scores(x_held_out) for branch in (machine, *beside)]
            tried[strength, stretch] = exponents(scores, targets[held_out], "softmax", counts[held_out])
        return tried[strength, stretch][1]

    strength = min(strengths, key=lambda one: loss(one, first_stretch))
    stretch = min(stretches, key=lambda one: loss(strength, one))
    factors, _ = tried[strength, stretch]
    branches = [_machine(x, targets, counts, names, strength, stretch, seed)]
    branches += [_naive_bayes(x, targets, counts, names)] if bayes else []
    weighed = list(zip(np.array(factors, np.float32), branches, strict=True))
    return replace(
        branches[0],
        weight=np.sum([factor * branch.weight for factor, branch in weighed], axis=0),
        bias=np.sum([factor * branch.bias for factor, branch in weighed], axis=0),
    )


def _rows(targets: Targets, seed: int, groups: Groups) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the rows to fit on and those to choose on, of classes that the first have."""
    kept, held_out = fifth(len(targets), seed, groups)
    known = np.isin(targets[held_out], targets[kept])
    return np.concatenate([kept, held_out[~known]]), held_out[known]


def _machine(
    x: Matrix, targets: Targets, counts: Counts, classes: list[Any], strength: float, stretch: float, seed: int
) -> LinearModel:
    """Fit one class against the others; a class without rows is far below all."""
    from scipy.sparse import diags
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import LinearSVC
    from sklearn.utils.parallel import Parallel, delayed

    weight, bias = np.zeros((len(classes), x.shape[1]), np.float32), np.full(len(classes), -3.0, np.float32)
    found = np.unique(targets)
    if len(found) == 1:
        bias[found] = 3.0
        return LinearModel(weight=weight, bias=bias, classes=classes)
    present = x > 0 if stretch else None

    def tell(number: int) -> bool:
        inside = targets == number
        factor = _stretched(present, inside, counts, stretch) if stretch else np.ones(x.shape[1], np.float32)
        machine = LinearSVC(C=strength, random_state=seed)
        machine.fit(x @ diags(factor) if stretch else x, inside, sample_weight=counts)
        weight[number], bias[number] = machine.coef_[0] * factor, machine.intercept_[0]
        return bool(machine.n_iter_ < machine.max_iter)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # told by `converged`
        # liblinear lets go of the interpreter while it works. Where there are fewer rows than features it draws from a
        # generator that the whole process shares: not in threads, then.
        jobs = -1 if x.shape[0] >= x.shape[1] else 1
        alone = found[1:] if len(found) == 2 else found
        converged = all(Parallel(n_jobs=jobs, prefer="threads")(delayed(tell)(number) for number in alone))
    if len(found) == 2:  # one margin m: softmax of (−m, m)
        weight[found[0]], bias[found[0]] = -weight[found[1]], -bias[found[1]]
    return LinearModel(weight=weight, bias=bias, classes=classes, converged=converged)


def _stretched(
    present: Matrix, inside: npt.NDArray[np.bool_], counts: Counts, stretch: float
) -> npt.NDArray[np.float32]:
    """Return the factor of each feature, of mean square 1; `present` says which rows have it, `inside` the class."""
    shares = [present.T @ (rows * counts) + _COUNTED for rows in (inside, ~inside)]
    ratio = np.abs(np.log(shares[0] / shares[0].sum()) - np.log(shares[1] / shares[1].sum()))
    factor = (1 - stretch) * ratio.mean() + stretch * ratio
    return np.asarray(factor / max(float(np.sqrt((factor**2).mean())), 1e-12), np.float32)


def _naive_bayes(
    x: Matrix, targets: Targets, counts: Counts, classes: list[Any], smoothing: float = SMOOTHINGS[0]
) -> LinearModel:
    """Fit multinomial naive Bayes to TF-IDF weights (Rennie et al., "Tackling the poor assumptions", 2003); a class
    without rows is far below all."""
    from sklearn.naive_bayes import MultinomialNB

    found, numbers = np.unique(targets, return_inverse=True)
    bayes = MultinomialNB(alpha=smoothing).fit(x, numbers, sample_weight=counts)
    weight = np.tile(bayes.feature_log_prob_.min(0).astype(np.float32), (len(classes), 1))
    bias = np.full(len(classes), bayes.class_log_prior_.min() - 3, np.float32)
    weight[found], bias[found] = bayes.feature_log_prob_, bayes.class_log_prior_
    return LinearModel(weight=weight, bias=bias, classes=classes)
