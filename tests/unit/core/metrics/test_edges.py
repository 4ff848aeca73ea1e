"""What metrics and intervals do where there is little to measure; any warning fails these tests."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st

from fourfold.core.metrics import (
    Bin,
    Interval,
    MacroF1,
    Ratio,
    RocAuc,
    accuracy,
    class_scores,
    confusion,
    difference,
    expected_calibration_error,
    interval,
    log_loss,
    reliability,
    value_of,
)

EXACT = [(np.float64, 1e-9), (np.float32, 1e-6)]
"""Relative: scikit-learn takes logarithms in the type of the probabilities (float32 has 24 bits), ours in float64."""


@pytest.mark.parametrize(("kind", "close"), EXACT)
@given(rows=st.lists(st.tuples(st.integers(0, 2), st.tuples(*[st.integers(0, 9)] * 3)), min_size=1))
def test_log_loss_equals_scikit_learn(kind: type, close: float, rows: list[tuple[int, tuple[int, ...]]]) -> None:
    labels = np.array([label for label, _ in rows])
    parts = np.array([part for _, part in rows], dtype=np.float64)
    parts[parts.sum(1) == 0] = 1
    probabilities = (parts / parts.sum(1, keepdims=True)).astype(kind)
    expected = sk.log_loss(labels, probabilities, labels=[0, 1, 2])
    assert value_of(log_loss(labels, probabilities)) == pytest.approx(expected, rel=close, abs=1e-9)


@pytest.mark.parametrize(("kind", "close"), EXACT)
def test_a_sure_and_wrong_prediction_costs_what_scikit_learn_says(kind: type, close: float) -> None:
    labels, sure = np.array([0, 1]), np.array([1.0, 1.0], dtype=kind)
    assert value_of(log_loss(labels, sure)) == pytest.approx(sk.log_loss(labels, sure), rel=close)


def test_one_class_has_no_area_and_no_interval() -> None:
    found = interval(RocAuc(np.ones(5, int), np.arange(5.0)), resamples=20)
    assert math.isnan(found.value) and math.isnan(found.low) and math.isnan(found.high)


def test_equal_scores_have_the_area_of_chance() -> None:
    assert value_of(RocAuc(np.array([0, 1, 1, 0]), np.zeros(4))) == 0.5


def test_no_rows_have_no_value() -> None:
    none = np.zeros(0, int)
    found = interval(accuracy(none, none), resamples=20)
    assert math.isnan(found.value) and math.isnan(found.low)
    assert reliability(np.zeros(0), none) == [] and expected_calibration_error([]) == 0


def test_a_class_that_is_never_seen_or_said_scores_zero() -> None:
    scores = class_scores(confusion(np.array([0, 0]), np.array([0, 0]), 2))
    assert tuple(scores[1]) == (0.0, 0.0, 0.0, 0)


def test_intervals_are_the_percentiles_of_the_metric_on_resampled_rows() -> None:
    random = np.random.default_rng(3)
    labels = random.integers(0, 3, 300)
    said = np.where(random.random(300) < 0.7, labels, random.integers(0, 3, 300))
    found = interval(MacroF1(labels, said), resamples=2000)
    draws = [random.integers(300, size=300) for _ in range(2000)]
    slow = [sk.f1_score(labels[rows], said[rows], average="macro") for rows in draws[:400]]
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(slow, [2.5, 97.5])), abs=0.02)
    assert found.low < found.value < found.high


def test_a_seed_gives_one_interval_however_the_work_is_chunked(monkeypatch: pytest.MonkeyPatch) -> None:
    ratio = Ratio(np.arange(50.0), np.ones(50))
    whole = interval(ratio, seed=4, resamples=100)
    monkeypatch.setattr("fourfold.core.metrics.intervals._CELLS", 7 * 50)
    assert interval(ratio, seed=4, resamples=100) == whole
    assert interval(ratio, seed=5, resamples=100) != whole


def test_equal_models_differ_by_nothing() -> None:
    ratio = Ratio(np.arange(20.0), np.ones(20))
    assert difference(ratio, ratio, resamples=50) == Interval(0.0, 0.0, 0.0)


def test_calibration_error_weighs_the_bins_by_their_rows() -> None:
    confidences = np.array([1.0, 0.95, 0.95, 0.95, 0.0])
    bins = reliability(confidences, np.array([1, 1, 1, 0, 0]))
    assert bins == [Bin(0.0, 0.0, 1), Bin(pytest.approx(0.9625), 0.75, 4)]
    assert expected_calibration_error(bins) == pytest.approx(0.8 * 0.2125)
