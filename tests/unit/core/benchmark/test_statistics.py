"""Over seeds and cases: against scipy and brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from fourfold.core.benchmark.statistics import margin_of, mean_ranks, non_inferior, over_seeds
from fourfold.core.benchmark.summary import over_runs
from fourfold.core.metrics import Interval

values = st.lists(st.floats(-100, 100), min_size=2, max_size=6)


@given(values)
def test_of_folds_the_interval_is_students(found: list[float]) -> None:
    runs = [Interval(value, value - 5, value + 5) for value in found]
    mean, error = np.mean(found), np.std(found, ddof=1) / len(found) ** 0.5
    low, high = (mean, mean) if error == 0 else t.interval(0.95, len(found) - 1, loc=mean, scale=error)
    said = over_seeds(runs, same_rows=False)
    assert (said.value, said.low, said.high) == pytest.approx((mean, low, high), abs=1e-9, rel=1e-9)


@given(values, st.floats(0, 5), st.floats(0, 5))
def test_on_the_same_rows_both_chances_count(found: list[float], below: float, above: float) -> None:
    runs = [Interval(value, value - below, value + above) for value in found]
    seeds, both = (over_seeds(runs, same_rows=same) for same in (False, True))
    half = seeds.high - seeds.value
    assert both.value == seeds.value
    assert both.high - both.value == pytest.approx(np.hypot(half, above), abs=1e-9)
    assert both.value - both.low == pytest.approx(np.hypot(half, below), abs=1e-9)


@given(values, st.floats(0, 2))
def test_folds_that_share_training_rows_are_corrected(found: list[float], overlap: float) -> None:
    runs = [Interval(value, value, value) for value in found]
    plain, corrected = (over_seeds(runs, same_rows=False, overlap=part) for part in (0.0, overlap))
    wider = (plain.high - plain.value) * (1 + len(found) * overlap) ** 0.5
    assert corrected.value == plain.value and corrected.high - corrected.value == pytest.approx(wider, abs=1e-9)


def test_seeds_of_one_fold_are_averaged_first() -> None:
    """Ten seeds on five folds know no more of the rows than five."""
    facts = {"synthetic": False, "share": 0.5, "train_rows": 400, "test_rows": 200}
    runs = [Interval(value, value - 0.1, value + 0.1) for value in (0.8, 0.9, 0.7, 0.82, 0.92, 0.72)]
    rows = [facts | {"test_hash": fold} for fold in "abcabc"]
    folds = [Interval(value, value, value) for value in (0.81, 0.91, 0.71)]
    expected, found = over_seeds(folds, same_rows=False, overlap=0.25), over_runs(runs, rows)
    assert (found.value, found.low, found.high) == pytest.approx((expected.value, expected.low, expected.high))
    anew = over_runs(runs, [row | {"synthetic": True} for row in rows])
    assert anew.high < found.high and anew.high == pytest.approx(over_seeds(folds, same_rows=False).high)


def test_runs_that_agree_keep_the_interval_of_the_rows() -> None:
    one = Interval(0.9, 0.87, 0.92)
    for count in (1, 2, 5):
        found = over_seeds([one] * count, same_rows=True)
        assert (found.value, found.low, found.high) == pytest.approx((0.9, 0.87, 0.92))


@given(st.lists(st.fixed_dictionaries({name: st.integers(0, 3) for name in "abc"}), min_size=1, max_size=4))
def test_ranks_are_those_of_counting(cases: list[dict[str, int]]) -> None:
    found = mean_ranks([{name: float(value) for name, value in case.items()} for case in cases])
    for name in "abc":
        ranks = []
        for case in cases:
            better = sum(other > case[name] for other in case.values())
            same = sum(other == case[name] for other in case.values())
            ranks.append(better + (same + 1) / 2)
        assert found[name] == pytest.approx(np.mean(ranks))
    assert list(found.values()) == sorted(found.values())


def test_only_models_of_all_cases_are_ranked() -> None:
    assert mean_ranks([{"a": 1.0, "b": 2.0, "c": 3.0}, {"b": 1.0, "a": 2.0}]) == {"a": 1.5, "b": 1.5}
    assert mean_ranks([{"a": 1.0}, {"b": 1.0}]) == mean_ranks([]) == {}


@pytest.mark.parametrize(("low", "margin"), list(itertools.product((-0.02, -0.011, -0.009, 0.0, 0.01), (0.01, 0.005))))
def test_no_worse_is_a_lower_end_above_the_margin(low: float, margin: float) -> None:
    assert non_inferior(Interval(0.0, low, 0.03), margin) == (low > -margin)


def test_margins_are_named() -> None:
    assert (margin_of("wer", 0.3), margin_of("roc_auc", 0.8), margin_of("rmse", -2.0)) == (0.01, 0.005, 0.04)
