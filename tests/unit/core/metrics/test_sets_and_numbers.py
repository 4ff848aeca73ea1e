"""Metrics of several labels and of numbers, against scikit-learn and scipy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics

from fourfold.core.metrics import (
    R2,
    Pearson,
    Rmse,
    SetMacroF1,
    binary_log_loss,
    exact,
    f1,
    interval,
    mean_absolute_error,
    set_scores,
    spearman,
    value_of,
)

RANDOM = np.random.default_rng(0)
LABELS = (RANDOM.random((200, 4)) < [0.1, 0.5, 0.9, 0.3]).astype(np.float32)
P = np.clip(0.6 * LABELS + 0.4 * RANDOM.random(LABELS.shape), 0, 1)
SAID = (P >= 0.5).astype(np.float32)
Y = RANDOM.standard_normal(200) * 3 + 100
GUESS = Y + RANDOM.standard_normal(200)


def test_sets_are_measured_as_scikit_learn_does() -> None:
    said = SAID.copy()
    said[:50] = 1 - said[:50]
    assert value_of(f1(LABELS, said)) == pytest.approx(sklearn.metrics.f1_score(LABELS, said, average="micro"))
    assert value_of(SetMacroF1(LABELS, said)) == pytest.approx(sklearn.metrics.f1_score(LABELS, said, average="macro"))
    assert value_of(exact(LABELS, said)) == pytest.approx(sklearn.metrics.accuracy_score(LABELS, said))
    binary = np.mean([sklearn.metrics.log_loss(LABELS[:, k], P[:, k].astype(float)) for k in range(4)])
    assert value_of(binary_log_loss(LABELS, P)) == pytest.approx(binary, rel=1e-4)
    ours = np.array([score[:3] for score in set_scores(LABELS, said)])
    theirs = np.array(sklearn.metrics.precision_recall_fscore_support(LABELS, said)[:3]).T
    assert np.allclose(ours, theirs)


def test_f1_of_two_classes_is_that_of_the_second() -> None:
    labels, said = (LABELS[:, 1]).astype(int), (P[:, 1] > 0.4).astype(int)
    assert value_of(f1(labels, said)) == pytest.approx(sklearn.metrics.f1_score(labels, said))


def test_numbers_are_measured_as_scikit_learn_and_scipy_do() -> None:
    assert value_of(R2(Y, GUESS)) == pytest.approx(sklearn.metrics.r2_score(Y, GUESS))
    assert value_of(Rmse(Y, GUESS)) == pytest.approx(sklearn.metrics.root_mean_squared_error(Y, GUESS))
    assert value_of(mean_absolute_error(Y, GUESS)) == pytest.approx(sklearn.metrics.mean_absolute_error(Y, GUESS))
    assert value_of(Pearson(Y, GUESS)) == pytest.approx(scipy.stats.pearsonr(Y, GUESS)[0])
    assert value_of(spearman(Y, GUESS)) == pytest.approx(scipy.stats.spearmanr(Y, GUESS)[0])
    found = interval(R2(Y, GUESS))
    assert found.low < found.value < found.high


def test_what_does_not_vary_has_no_correlation() -> None:
    assert np.isnan(value_of(Pearson(np.ones(5), np.arange(5.0))))
    assert np.isnan(value_of(R2(np.ones(5), np.arange(5.0))))
