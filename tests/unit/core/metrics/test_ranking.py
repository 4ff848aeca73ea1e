"""Ranking metrics against scikit-learn's, group by group."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss as sklearn_log_loss
from sklearn.metrics import ndcg_score, roc_auc_score

from fourfold.core.metrics import (
    CalibrationError,
    GroupAuc,
    NormalisedEntropy,
    expected_calibration_error,
    interval,
    ndcg,
    recall,
    reliability,
    value_of,
)

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


@st.composite
def rows(draw: Any) -> Rows:
    """Labels, scores with many ties, groups and weights of 0 to 3."""
    count = draw(st.integers(2, 60))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    return random.integers(0, 2, count), random.integers(0, 8, count) / 8, random.integers(0, 6, count)


@given(rows(), st.booleans())
def test_group_auc_is_the_mean_of_the_groups_areas(data: Rows, weighted: bool) -> None:
    labels, scores, groups = data
    weights = np.random.default_rng(0).integers(0, 3, len(labels)) if weighted else np.ones(len(labels), int)
    areas, counts = [], []
    for group in np.unique(groups):
        chosen = np.repeat(np.flatnonzero(groups == group), weights[groups == group])
        if len(set(labels[chosen])) == 2:
            areas.append(roc_auc_score(labels[chosen], scores[chosen]))
            counts.append(len(chosen))
    found = GroupAuc(labels, scores, groups).values(weights[None].astype(float))[0]
    if not areas:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(np.average(areas, weights=counts), abs=1e-9)


@given(rows(), st.integers(1, 5))
def test_ndcg_is_scikit_learn_s(data: Rows, k: int) -> None:
    labels, scores, groups = data
    expected = []
    for group in np.unique(groups):
        chosen = groups == group
        if labels[chosen].any():
            expected.append(1.0 if chosen.sum() == 1 else ndcg_score([labels[chosen]], [scores[chosen]], k=k))
    found = value_of(ndcg(labels, scores, groups, k))
    assert np.isnan(found) if not expected else found == pytest.approx(np.mean(expected), abs=1e-9)


@given(rows(), st.integers(1, 5))
def test_recall_by_hand(data: Rows, k: int) -> None:
    labels, scores, groups = data
    scores = scores + np.arange(len(scores)) * 1e-6  # no ties
    expected = []
    for group in np.unique(groups):
        chosen = np.flatnonzero(groups == group)
        if labels[chosen].any():
            best = chosen[np.argsort(-scores[chosen])][:k]
            expected.append(labels[best].sum() / labels[chosen].sum())
    found = value_of(recall(labels, scores, groups, k))
    assert np.isnan(found) if not expected else found == pytest.approx(np.mean(expected), abs=1e-9)


def test_tied_rows_share_what_they_get() -> None:
    assert value_of(recall(np.array([1, 0, 0]), np.zeros(3), np.zeros(3), k=1)) == pytest.approx(1 / 3)


def test_normalised_entropy_is_one_for_the_share_of_clicks() -> None:
    labels = np.array([0, 0, 0, 1])
    assert value_of(NormalisedEntropy(labels, np.full(4, 0.25))) == pytest.approx(1.0, abs=1e-12)
    said = np.array([0.1, 0.3, 0.2, 0.7])
    expected = sklearn_log_loss(labels, said) / sklearn_log_loss(labels, np.full(4, 0.25))
    assert value_of(NormalisedEntropy(labels, said)) == pytest.approx(expected, abs=1e-12)
    assert np.isnan(value_of(NormalisedEntropy(labels * 0, said)))


@given(st.integers(0, 2**32))
def test_the_calibration_error_is_that_of_the_bins(seed: int) -> None:
    random = np.random.default_rng(seed)
    p = random.random(50)
    labels = (random.random(50) < p).astype(int)
    expected = expected_calibration_error(reliability(p, labels))
    assert value_of(CalibrationError(labels, p)) == pytest.approx(expected, abs=1e-9)


def test_groups_are_what_is_resampled() -> None:
    random = np.random.default_rng(0)
    labels, scores, groups = random.integers(0, 2, 400), random.random(400), np.repeat(np.arange(40), 10)
    found = interval(ndcg(labels, scores, groups, 5))
    assert found.low < found.value < found.high
