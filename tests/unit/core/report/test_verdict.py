"""The verdict, word for word."""

from __future__ import annotations

import pytest

from fourfold.core.metrics import Interval
from fourfold.core.report import shown, verdict

NAN = float("nan")
OURS = ("transformer", Interval(0.9, 0.88, 0.92))
THEIRS = ("linear", Interval(0.85, 0.83, 0.87))


@pytest.mark.parametrize(
    ("difference", "sentence"),
    [
        (
            Interval(0.05, 0.02, 0.08),
            "Ship transformer: it beats linear, accuracy 90.0 % against 85.0 % "
            "(better by +5.0 points, 95 % interval +2.0 to +8.0).",
        ),
        (
            Interval(0.05, -0.01, 0.11),
            "Ship linear, the simpler one: transformer is not clearly better, accuracy 90.0 % against 85.0 % "
            "(difference +5.0 points, 95 % interval -1.0 to +11.0).",
        ),
    ],
)
def test_a_metric_in_percent(difference: Interval, sentence: str) -> None:
    assert verdict("accuracy", OURS, THEIRS, difference) == sentence


def test_the_baseline_is_better() -> None:
    assert verdict("accuracy", THEIRS, OURS, Interval(-0.05, -0.08, -0.02)) == (
        "Ship transformer: it beats linear, accuracy 90.0 % against 85.0 % "
        "(better by +5.0 points, 95 % interval +2.0 to +8.0)."
    )


def test_a_metric_that_is_not_read_in_percent() -> None:
    assert verdict("roc_auc", OURS, THEIRS, Interval(0.05, 0.02, 0.08)) == (
        "Ship transformer: it beats linear, roc_auc 0.9000 against 0.8500 "
        "(better by +0.0500, 95 % interval +0.0200 to +0.0800)."
    )


def test_where_lower_is_better_the_difference_is_still_how_much_better_ours_is() -> None:
    ours, theirs = ("whisper", Interval(0.1, 0.08, 0.12)), ("templates", Interval(0.25, 0.2, 0.3))
    assert verdict("wer", ours, theirs, Interval(0.15, 0.1, 0.2)) == (
        "Ship whisper: it beats templates, wer 10.0 % against 25.0 % "
        "(better by +15.0 points, 95 % interval +10.0 to +20.0)."
    )


def test_an_interval_that_touches_zero_does_not_beat_the_simpler_model() -> None:
    assert verdict("log_loss", OURS, THEIRS, Interval(0.05, 0.00001, 0.1)).startswith("Ship transformer")
    assert verdict("log_loss", OURS, THEIRS, Interval(0.05, 0.0, 0.1)) == (
        "Ship linear, the simpler one: transformer is not clearly better, log_loss 0.9000 against 0.8500 "
        "(difference +0.0500, 95 % interval 0.0000 to +0.1000)."
    )


@pytest.mark.parametrize("difference", [Interval(0.05, NAN, NAN), Interval(NAN, 0.1, 0.2)], ids=["interval", "value"])
def test_without_a_number_there_is_no_verdict(difference: Interval) -> None:
    assert verdict("wer", OURS, THEIRS, difference) == (
        "No verdict: wer could not be measured for both transformer and linear on these rows."
    )


@pytest.mark.parametrize(
    ("metric", "text"),
    [("accuracy", "12.3 %"), ("macro_f1", "12.3 %"), ("cer", "12.3 %"), ("log_loss", "0.1235")],
)
def test_shown(metric: str, text: str) -> None:
    assert shown(metric, 0.12345) == text


def test_two_that_hear_nothing_are_not_shipped() -> None:
    worse = Interval(1.4, 1.3, 1.5)
    assert verdict("wer", ("small", Interval(1.0, 1.0, 1.0)), ("most frequent", worse), Interval(0.4, 0.3, 0.5)) == (
        "Ship neither: wer 100.0 % of small and 140.0 % of most frequent, where saying nothing has 100.0 %."
    )
