"""Support vector machines, several labels and ridge regression as linear models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from fourfold.core.linear import LinearModel, fit_margins, fit_numbers, fit_sets
from fourfold.core.linear.margins import _machine, _stretched
from fourfold.core.metrics import expected_calibration_error, reliability

RANDOM = np.random.default_rng(0)
X = csr_matrix(RANDOM.random((600, 30)).astype(np.float32) * (RANDOM.random((600, 30)) < 0.4))
W = RANDOM.standard_normal((30, 3)) * 3
SCORES = X @ W


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
    margins = _machine(X, targets, ["a", "b", "c"][:classes], 0.3, 0.0, seed=0).scores(X)
    expected = LinearSVC(C=0.3, random_state=0).fit(X, targets).decision_function(X)
    assert np.allclose(margins[:, 1] if classes == 2 else margins, expected, atol=1e-2)


def test_what_tells_a_class_is_stretched() -> None:
    x = csr_matrix(np.array([[1, 0, 1], [1, 0, 1], [0, 1, 1], [0, 1, 0]], np.float32))
    factor = _stretched(x > 0, np.array([True, True, False, False]), 0.5)
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
