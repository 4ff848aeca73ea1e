"""Support vector machines, several labels and ridge regression as linear models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from fourfold.core.linear import LinearModel, fit_machine, fit_margins, fit_numbers, fit_sets
from fourfold.core.linear.margins import _machine, _naive_bayes, _stretched
from fourfold.core.metrics import expected_calibration_error, reliability
from fourfold.core.objectives.classes import balanced

RANDOM = np.random.default_rng(0)
X = csr_matrix(RANDOM.random((600, 30)).astype(np.float32) * (RANDOM.random((600, 30)) < 0.4))
W = RANDOM.standard_normal((30, 3)) * 3
SCORES = X @ W
ONES = np.ones(600, np.float32)


@pytest.mark.parametrize("classes", [2, 3])
def test_margins_become_probabilities(classes: int, tmp_path: Path) -> None:
    targets = (SCORES[:, :classes] + RANDOM.gumbel(size=(600, classes))).argmax(1)
    model = fit_margins(X[:400], targets[:400], ["a", "b", "c"][:classes])
    p = model.probabilities(X[400:])
    assert np.allclose(p.sum(1), 1, atol=1e-5) and (p.argmax(1) == targets[400:]).mean() > 0.6
    right = p.argmax(1) == targets[400:]
    assert expected_calibration_error(reliability(p.max(1), right)) < 0.12
    model.save(tmp_path)
    assert (LinearModel.load(tmp_path).probabilities(X[400:]) == p).all()


@pytest.mark.parametrize("classes", [2, 3])
def test_unstretched_margins_are_those_of_scikit_learn(classes: int) -> None:
    from sklearn.svm import LinearSVC

    targets = SCORES[:, :classes].argmax(1)
    margins = _machine(X, targets, ONES, ["a", "b", "c"][:classes], 0.3, 0.0, seed=0).scores(X)
    expected = LinearSVC(C=0.3, random_state=0).fit(X, targets).decision_function(X)
    assert np.allclose(margins[:, 1] if classes == 2 else margins, expected, atol=1e-2)


def test_what_tells_a_class_is_stretched() -> None:
    x = csr_matrix(np.array([[1, 0, 1], [1, 0, 1], [0, 1, 1], [0, 1, 0]], np.float32))
    factor = _stretched(x > 0, np.array([True, True, False, False]), ONES[:4], 0.5)
    assert factor[0] > factor[2] and factor[1] > factor[2] and (factor**2).mean() == pytest.approx(1)


def test_a_class_of_one_row_and_rows_of_one_class() -> None:
    model = fit_margins(X[:5], np.array([0, 1, 1, 1, 2]), ["a", "b", "c"])
    assert model.probabilities(X[:5]).shape == (5, 3)
    assert fit_margins(X[:3], np.zeros(3, np.int64), ["a", "b"]).predict(X[:3]).tolist() == ["a"] * 3


def test_several_labels_each_by_itself(tmp_path: Path) -> None:
    targets = (np.median(SCORES, axis=0) < SCORES).astype(np.float32)
    targets[:, 2] = 1  # every row has it
    model = fit_sets(X, targets, ["a", "b", "c"])
    p = model.probabilities(X)
    assert ((p >= 0.5) == targets).mean() > 0.9 and (p[:, 2] > 0.99).all()
    model.save(tmp_path)
    again = LinearModel.load(tmp_path)
    assert again.link == "sigmoid" and (again.probabilities(X) == p).all()


def test_numbers_by_ridge_regression() -> None:
    y = SCORES[:, 0] + 5
    model = fit_numbers(X[:400], y[:400])
    said = model.probabilities(X[400:])[:, 0]
    assert np.corrcoef(said, y[400:])[0, 1] > 0.99 and abs(said.mean() - y[400:].mean()) < 0.2


def test_weights_are_as_if_rows_were_there_more_often() -> None:
    targets = SCORES.argmax(1)
    twice = np.where(targets == 1, 2, 1)
    rows = np.repeat(np.arange(len(targets)), twice)
    names, one = ["a", "b", "c"], np.ones(len(rows), np.float32)
    for fit in (
        lambda x, y, counts: _machine(x, y, counts, names, 0.3, 0.25, 0),
        lambda x, y, counts: _naive_bayes(x, y, counts, names),
    ):
        weighed, repeated = fit(X, targets, twice.astype(np.float32)), fit(X[rows], targets[rows], one)
        assert np.allclose(weighed.scores(X), repeated.scores(X), atol=0.02)


def test_balanced_classes_are_found_more_often() -> None:
    rare = (SCORES[:, 0] > np.quantile(SCORES[:, 0], 0.95)).astype(np.int64)
    noisy = np.where(RANDOM.random(600) < 0.05, 1 - rare, rare)
    weights = balanced(noisy, 2)[noisy]
    plain, fair = (fit_margins(X, noisy, ["many", "few"], weights=one).predict(X) == "few" for one in (None, weights))
    assert fair.sum() > plain.sum()
    labels = np.stack([noisy, 1 - noisy], axis=1).astype(np.float32)
    sets = [fit_sets(X, labels, ["few", "many"], weights=one) for one in (None, weights[:, None].repeat(2, 1))]
    said = [model.probabilities(X)[:, 0].mean() for model in sets]
    assert said[0] == pytest.approx(noisy.mean(), abs=0.03) and said[1] > 2 * said[0]


def test_a_class_that_is_not_among_the_rows_to_choose_on_spoils_nothing() -> None:
    targets = SCORES[:, :2].argmax(1)
    best = fit_margins(X, targets, ["a", "b"])
    for seed in range(6):
        odd = np.append(targets, 2)
        model = fit_margins(X[[*range(600), 0]], odd, ["a", "b", "c"], seed)
        p, wanted = model.probabilities(X), best.probabilities(X)
        losses = [-np.log(q[np.arange(600), targets]).mean() for q in (p, wanted)]
        assert losses[0] < losses[1] + 0.05


def test_a_machine_of_rows_of_one_class() -> None:
    for targets in (np.zeros(3, np.int64), np.array([1, 1, 1])):
        assert (fit_machine(X[:3], targets, ["a", "b"]).predict(X[:3]) == "ab"[targets[0]]).all()
