"""The plots: which values they draw, and which they leave out."""

from __future__ import annotations

import re

import pytest

from fourfold.core.metrics import Bin, Interval
from fourfold.core.report import Confusion, Evaluation
from fourfold.core.report.plots import calibration, curves, heat, pairs
from fourfold.core.report.svg import thinned, ticks

NAN = float("nan")
CONFUSION = Confusion(labels=("a", "b", "c"), counts=((6, 3, 1), (0, 9, 0), (5, 0, 0)))


def trained(*history: dict[str, float], greater_is_better: bool = True) -> Evaluation:
    return Evaluation(
        domain="nlp",
        data="test",
        rows=1,
        model="tiny",
        metrics={"accuracy": Interval(0.5, 0.4, 0.6)},
        greater_is_better=greater_is_better,
        history=history,
    )


def pixels(svg: str) -> list[tuple[float, float]]:
    found = re.search(r'<polyline class="line \w+" points="([^"]*)"', svg)
    assert found is not None
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in found[1].split())]


def test_there_is_a_curve_for_the_loss_and_for_each_validation_metric() -> None:
    rows = [
        {
            "step": step,
            "epoch": 1.0,
            "loss": 1.0,
            "lr": 1.0,
            "seconds": 1.0,
            "valid_wer": 1.0,
            "valid_cer": 1.0,
        }
        for step in (1, 2)
    ]
    assert [plot.title for plot in curves(trained(*rows))] == [
        "Train loss",
        "Validation wer",
        "Validation cer",
    ]


@pytest.mark.parametrize(
    ("greater_is_better", "caption"), [(True, "best 90.0 % at step 2"), (False, "best 60.0 % at step 1")]
)
def test_the_best_is_that_of_the_direction_of_the_metric(greater_is_better: bool, caption: str) -> None:
    rows = [{"step": step, "valid_accuracy": value} for step, value in ((1, 0.6), (2, 0.9), (3, 0.8))]
    assert curves(trained(*rows, greater_is_better=greater_is_better))[0].caption == caption


def test_one_value_is_no_curve_and_what_is_no_number_is_left_out() -> None:
    assert curves(trained({"step": 1, "loss": 1.0}, {"step": 2, "loss": NAN}, {"step": 3})) == []


def test_of_a_step_done_twice_the_later_counts() -> None:
    rows = [{"step": step, "loss": loss} for step, loss in ((1, 5.0), (2, 9.0), (2, 4.0), (3, 3.0))]
    (first, second, third) = pixels(curves(trained(*rows))[0].svg)
    assert second[1] == pytest.approx((first[1] + third[1]) / 2, abs=0.1)


def test_a_long_curve_is_thinned_and_keeps_its_ends_and_spikes() -> None:
    points = [(float(step), 6.0 if step == 777 else 1.0 + step % 7 / 100) for step in range(30_000)]
    kept = thinned(points)
    assert len(kept) <= 602
    assert kept == sorted(kept)
    assert {points[0], points[777], points[-1]} <= set(kept)
    assert thinned(points[:600]) == points[:600]


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.123, 0.124), (-3e-9, 5e-9), (7.0, 7.0), (0.0, 0.0), (1, 1e6)])
def test_ticks_lie_around_the_range_and_are_few(low: float, high: float) -> None:
    found = ticks(low, high)
    assert found[0] <= low <= high <= found[-1]
    assert 2 <= len(found) <= 7
    assert found == sorted(set(found))


def test_calibration_draws_each_bin_that_has_rows() -> None:
    plot = calibration([Bin(0.25, 0.5, 10), Bin(0.5, 0.5, 0), Bin(0.75, 0.75, 30)])
    assert plot is not None
    assert plot.caption == "expected calibration error 6.2 points"
    assert plot.svg.count('class="bar"') == 2
    assert "confidence 25.0 %: 50.0 % came true, 10 rows" in plot.svg
    assert calibration([]) is None


def test_heat_holds_the_share_of_each_row() -> None:
    rows = dict(heat(CONFUSION))
    assert [(cell.count, cell.share, cell.hit) for cell in rows["a"]] == [
        (6, 0.6, True),
        (3, 0.3, False),
        (1, 0.1, False),
    ]


def test_pairs_are_the_most_frequent_errors() -> None:
    assert pairs(CONFUSION) == [("c", "a", 5, 1.0), ("a", "b", 3, 0.3), ("a", "c", 1, 0.1)]
