"""Metrics against scikit-learn and jiwer, and intervals against what they promise."""

from __future__ import annotations

import math

import jiwer
import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from fourfold.core.metrics import (
    Interval,
    MacroF1,
    Ratio,
    RocAuc,
    accuracy,
    class_scores,
    confusion,
    difference,
    edits,
    error_rate,
    interval,
    log_loss,
    value_of,
    word_errors,
)

pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60)
scored = st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0.1, 0.2, 0.5, 0.7, 0.9])), min_size=2, max_size=60)
words = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=8)


@given(pairs)
def test_classification_equals_scikit_learn(rows: list[tuple[int, int]]) -> None:
    labels, said = np.array(rows).T
    assert value_of(accuracy(labels, said)) == pytest.approx(sk.accuracy_score(labels, said), abs=1e-9)
    assert value_of(MacroF1(labels, said)) == pytest.approx(
        sk.f1_score(labels, said, average="macro", zero_division=0), abs=1e-9
    )
    counts = confusion(labels, said, 5)
    assert counts.tolist() == sk.confusion_matrix(labels, said, labels=range(5)).tolist()
    theirs = sk.precision_recall_fscore_support(labels, said, labels=range(5), zero_division=0)
    np.testing.assert_allclose(np.array(class_scores(counts)).T, np.array(theirs), atol=1e-9)


@given(scored)
def test_auc_equals_scikit_learn(rows: list[tuple[int, float]]) -> None:
    labels, scores = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    if labels.min() == labels.max():
        assert np.isnan(value_of(RocAuc(labels, scores)))
    else:
        assert value_of(RocAuc(labels, scores)) == pytest.approx(sk.roc_auc_score(labels, scores), abs=1e-9)
        assert value_of(log_loss(labels, scores)) == pytest.approx(sk.log_loss(labels, scores), abs=1e-9)


@given(scored, st.integers(0, 2**32))
def test_weights_are_repetitions(rows: list[tuple[int, float]], seed: int) -> None:
    labels, scores = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    counts = np.random.default_rng(seed).integers(0, 3, len(rows))
    again = np.repeat(np.arange(len(rows)), counts)
    weighted = RocAuc(labels, scores).values(counts[None, :].astype(float))[0]
    if len(again):
        np.testing.assert_allclose(weighted, value_of(RocAuc(labels[again], scores[again])))


@given(st.lists(st.tuples(words.filter(bool), words), min_size=1, max_size=6))
def test_word_error_rate_equals_jiwer(rows: list[tuple[list[str], list[str]]]) -> None:
    references, hypotheses = [" ".join(a) for a, _ in rows], [" ".join(b) for _, b in rows]
    ours = value_of(error_rate(word_errors(references, hypotheses)))
    assert ours == pytest.approx(jiwer.wer(references, hypotheses), abs=1e-9)


@given(words, words)
def test_edits_add_up(reference: list[str], hypothesis: list[str]) -> None:
    found = edits(reference, hypothesis)
    assert len(reference) - found.deletions + found.insertions == len(hypothesis)
    assert found.errors == edits(hypothesis, reference).errors


def test_an_interval_covers_the_truth_in_about_95_of_100_samples() -> None:
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        found = interval(Ratio((random.random(400) < 0.8).astype(float), np.ones(400)), resamples=400)
        covered += found.low <= 0.8 <= found.high
    assert 180 <= covered <= 198


def test_a_paired_difference_is_narrower_than_two_intervals() -> None:
    random = np.random.default_rng(1)
    hard = random.random(2000)
    a, b = (hard < 0.85).astype(float), (hard < 0.83).astype(float)
    paired = difference(Ratio(a, np.ones(2000)), Ratio(b, np.ones(2000)))
    alone = interval(Ratio(a, np.ones(2000)))
    assert paired.low > 0 and paired.high - paired.low < alone.high - alone.low


def test_a_difference_counts_lower_error_rates_as_better() -> None:
    ones = np.ones(50)
    assert difference(Ratio(0 * ones, ones, False), Ratio(ones, ones, False)).value == 1.0


def test_of_many_rows_the_interval_follows_from_parts_of_them() -> None:
    random = np.random.default_rng(0)
    labels, said = random.integers(0, 2, 60_000), random.integers(0, 2, 60_000)
    ours, theirs = accuracy(labels, np.where(random.random(60_000) < 0.3, labels, said)), accuracy(labels, said)
    found, p = interval(ours), value_of(ours)
    assert found.value == p and found.high - p == pytest.approx(p - found.low)
    assert found.high - p == pytest.approx(1.96 * np.sqrt(p * (1 - p) / 60_000), rel=0.5)
    apart = difference(ours, theirs)
    assert apart.low < apart.value < apart.high and apart.value == pytest.approx(p - value_of(theirs))


@pytest.mark.parametrize("rows", [1, 20, 400])
def test_a_share_at_its_bound_has_the_exact_interval(rows):
    """As scipy's Clopper-Pearson; resamples of rows that are all alike know no scatter."""
    for hits in (0, rows):
        expected = binomtest(hits, rows).proportion_ci(method="exact")
        found = interval(Ratio(np.full(rows, float(hits > 0)), np.ones(rows)))
        assert (found.value, found.low, found.high) == pytest.approx((hits / rows, expected.low, expected.high))
    errors = interval(Ratio(np.zeros(rows), np.ones(rows), greater_is_better=False))
    assert (errors.low, errors.high) == (0, 0), "a mean of distances has no upper bound"
    words = interval(Ratio(np.zeros(rows), np.full(rows, 3.0), greater_is_better=False))
    assert words == Interval(0.0, 0.0, pytest.approx(binomtest(0, rows).proportion_ci(method="exact").high))


def test_the_interval_is_as_wide_as_95_in_100_are() -> None:
    right = (np.arange(2000) % 10 < 3).astype(np.float64)
    found = interval(Ratio(right, np.ones(2000)))
    assert found.high - found.low == pytest.approx(2 * 1.96 * math.sqrt(0.3 * 0.7 / 2000), rel=0.08)


def test_macro_f1_leaves_out_classes_that_a_weighting_has_not() -> None:
    labels = np.array([0, 0, 1, 2])
    statistic = MacroF1(labels, np.array([0, 1, 1, 2]))
    (value,) = statistic.values(np.array([[1.0, 1.0, 1.0, 0.0]]))
    assert value == pytest.approx(sk.f1_score([0, 0, 1], [0, 1, 1], average="macro"))
