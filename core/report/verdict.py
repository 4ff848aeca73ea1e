"""The one sentence that an evaluation comes to."""

from __future__ import annotations

import math

from ..metrics import Interval

PERCENT = ("accuracy", "f1", "micro_f1", "macro_f1", "wer", "cer")
"""Metrics that people read in percent."""


def shown(metric: str, value: float) -> str:
    """Return a value as it is read: percent with one decimal, or four decimals.

    >>> shown("accuracy", 0.912), shown("roc_auc", 0.92347)
    ('91.2 %', '0.9235')
    """
    return f"{100 * value:.1f} %" if metric in PERCENT else f"{value:.4f}"


_ERRORS = ("wer", "cer")
"""The error rates that are 1 where nothing is said at all."""


def says_nothing(metric: str, value: float) -> bool:
    """Say whether a model does no better than one that says nothing at all.

    >>> says_nothing("wer", 1.0), says_nothing("wer", 0.99), says_nothing("rmse", 1.5)
    (True, False, False)
    """
    return metric in _ERRORS and value >= 1


def verdict(metric: str, ours: tuple[str, Interval], theirs: tuple[str, Interval], difference: Interval) -> str:
    """Say which model to ship; where neither is clearly better, the simpler one, which is the baseline.

    `difference` is how much better ours is on the metric (positive: better), whichever way the metric points.
    """
    (name, own), (other, its) = ours, theirs
    if not all(map(math.isfinite, (own.value, its.value, difference.value, difference.low, difference.high))):
        return f"No verdict: {metric} could not be measured for both {name} and {other} on these rows."
    a, b = shown(metric, own.value), shown(metric, its.value)
    if says_nothing(metric, min(own.value, its.value)):
        return f"Ship neither: {metric} {a} of {name} and {b} of {other}, where saying nothing has 100.0 %."
    if difference.low > 0:
        return f"Ship {name}: it beats {other}, {metric} {a} against {b} (better by {_gap(metric, difference)})."
    if difference.high < 0:
        turned = Interval(-difference.value, -difference.high, -difference.low)
        return f"Ship {other}: it beats {name}, {metric} {b} against {a} (better by {_gap(metric, turned)})."
    evidence = f"{metric} {a} against {b} (difference {_gap(metric, difference)})"
    return f"Ship {other}, the simpler one: {name} is not clearly better, {evidence}."


def _gap(metric: str, found: Interval) -> str:
    unit = " points" if metric in PERCENT else ""
    value, low, high = (signed(metric, end) for end in (found.value, found.low, found.high))
    return f"{value}{unit}, 95 % interval {low} to {high}"


def signed(metric: str, value: float) -> str:
    """Return a difference with its sign; one that rounds to nothing has none."""
    text = f"{100 * value:+.1f}" if metric in PERCENT else f"{value:+.4f}"
    return text[1:] if float(text) == 0 else text
