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
    RocAuc,
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


def test_rows_without_a_group_are_left_out() -> None:
    labels, scores = np.array([1, 0, 0, 1, 1, 0]), np.array([0.9, 0.1, 0.2, 0.8, 0.1, 0.9])
    groups = np.array([0, 0, 1, 1, -1, -1])
    assert value_of(GroupAuc(labels, scores, groups)) == 1.0
    assert value_of(ndcg(labels, scores, groups, 1)) == value_of(recall(labels, scores, groups, 1)) == 1.0
    none = np.full(6, -1)
    assert np.isnan(value_of(GroupAuc(labels, scores, none))) and np.isnan(value_of(recall(labels, scores, none, 1)))


def test_intervals_of_many_rows_where_clicks_are_rare_and_in_groups() -> None:
    random = np.random.default_rng(0)
    labels, scores = np.zeros(60_000, int), random.random(60_000)
    labels[random.integers(0, 60_000, 40)] = 1
    found = interval(RocAuc(labels, scores))
    assert found.low < found.value < found.high, "a part without a click says nothing"
    groups = np.arange(60_000) // 10
    labels = (random.random(60_000) < 0.3).astype(int)
    whole, areas = interval(GroupAuc(labels, scores, groups)), []
    for rows in np.array_split(np.arange(60_000), 60):  # of whole groups
        areas.append(value_of(GroupAuc(labels[rows], scores[rows], groups[rows])))
    assert whole.high - whole.value == pytest.approx(1.96 * np.std(areas) / np.sqrt(60), rel=0.5)


def test_the_interval_of_a_small_calibration_error_is_around_it() -> None:
    random = np.random.default_rng(0)
    p = random.beta(1, 8, 2000)
    found = interval(CalibrationError((random.random(2000) < p).astype(int), p))
    assert 0 <= found.low < found.value < found.high
