"""Two benchmarks side by side: which runs differ by more than chance, and what became faster or slower."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..metrics import Interval, difference
from ..report import shown
from ..report.text import gain
from .results import Results
from .sameness import NO_SEED, OTHER_TEST, apart
from .summary import Summary, over_runs, summaries
from .table import aligned

SAME, WITHIN, BETTER, WORSE = "the same", "within the interval", "better", "worse"
UNKNOWN = "not measured"


@dataclass(frozen=True, kw_only=True)
class Change:
    """How a model on a case fares in the second benchmark beside the first.

    `gain` is positive where the second is better; `said` is in words what it comes to, `data` what tells their data
    apart, if anything does. Ratios are the second over the first.
    """

    name: str
    metric: str
    first: Interval
    second: Interval
    gain: Interval
    paired: bool
    said: str
    data: str
    time: float
    latency: float


@dataclass(frozen=True, kw_only=True)
class Changes:
    """All that both have, and what only one has."""

    changes: tuple[Change, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]

    @property
    def beyond(self) -> list[Change]:
        """What differs by more than its interval."""
        return [change for change in self.changes if change.said in (BETTER, WORSE)]


def compare(first: Results, second: Results) -> Changes:
    """Compare what both measured, model by model.

    Where both kept what they said of the same test rows, differences are paired on them, over the seeds that both have;
    else their intervals are combined as those of independent errors. They count as different where the interval of the
    difference does not hold zero.
    """
    ours, theirs = _models(first), _models(second)
    return Changes(
        changes=tuple(
            _change(name, (first, one), (second, theirs[name])) for name, one in ours.items() if name in theirs
        ),
        only_first=tuple(name for name in ours if name not in theirs),
        only_second=tuple(name for name in theirs if name not in ours),
    )


def changes_table(found: Changes) -> str:
    """Return the comparison as plain text, what differs by more than its interval first."""
    head = ("model", "what it comes to", "first", "second", "difference (95 % interval)", "train ×", "latency ×")
    order = sorted(found.changes, key=lambda change: (change.said not in (BETTER, WORSE), change.name))
    parts = ["\n".join(aligned([head, *map(_cells, order)], left=2))] if order else ["nothing that both measured"]
    count = len(found.beyond)
    parts.append(f"{count} of {len(found.changes)} differ by more than the interval")
    parts += [f"only in the first: {name}" for name in found.only_first]
    parts += [f"only in the second: {name}" for name in found.only_second]
    return "\n".join(parts)


def _models(results: Results) -> dict[str, Summary]:
    found = {}
    for case in summaries(results):
        for one in (*case.rungs, *case.curve):
            part = f" ({one.share:.0%} of the rows)" if one.share < 1 else ""
            found[f"{case.domain}/{case.case} {one.label}{part}"] = one
    return found


def _change(name: str, before: tuple[Results, Summary], after: tuple[Results, Summary]) -> Change:
    (_, first), (_, second) = before, after
    paired, data = _paired(before, after), apart(first.runs, second.runs)
    sign = 1 if first.greater_is_better else -1
    found = paired or Interval(
        sign * (second.quality.value - first.quality.value), *_reach(first.quality, second.quality, sign)
    )
    return Change(
        name=name,
        metric=first.metric,
        first=first.quality,
        second=second.quality,
        gain=found,
        paired=paired is not None,
        said=data if data in (OTHER_TEST, NO_SEED) else _said(found),
        data=data,
        time=_ratio(first, second, "train_seconds"),
        latency=_ratio(first, second, "latency_p50_ms"),
    )


def _said(found: Interval) -> str:
    if not all(map(math.isfinite, (found.value, found.low, found.high))):
        return UNKNOWN
    if found.value == 0 and found.low == found.high == 0:
        return SAME
    if found.low <= 0 <= found.high:
        return WITHIN
    return BETTER if found.value > 0 else WORSE


def _paired(before: tuple[Results, Summary], after: tuple[Results, Summary]) -> Interval | None:
    """Return the paired difference over the seeds of both; None where there are none, or one of them has no pair."""
    (first, old), (second, new) = before, after
    others, found, runs = {row["seed"]: row for row in old.runs}, [], []
    for row in new.runs:
        other = others.get(row["seed"])
        if other is None:
            continue
        if row.get("test_hash") != other.get("test_hash") or row["metric"] != other["metric"]:
            return None
        one, two = second.statistic(row), first.statistic(other)
        if one is None or two is None or len(one) != len(two):
            return None
        found.append(difference(one, two))
        runs.append(row)
    return over_runs(found, runs) if found else None


def _reach(first: Interval, second: Interval, sign: int) -> tuple[float, float]:
    """Return the ends of a difference of two that are not paired, as of independent errors."""
    gap = second.value - first.value
    low = gap - ((second.value - second.low) ** 2 + (first.high - first.value) ** 2) ** 0.5
    high = gap + ((second.high - second.value) ** 2 + (first.value - first.low) ** 2) ** 0.5
    return (low, high) if sign > 0 else (-high, -low)


def _ratio(first: Summary, second: Summary, name: str) -> float:
    return second.cost(name) / max(first.cost(name), 1e-9)


def _cells(change: Change) -> tuple[str, ...]:
    low, high = (gain(change.metric, end).removesuffix(" points") for end in (change.gain.low, change.gain.high))
    unpaired = "" if change.paired else ", not paired"
    values = (shown(change.metric, one.value) for one in (change.first, change.second))
    said = f"{gain(change.metric, change.gain.value)} ({low} to {high}{unpaired})"
    words = ", ".join(dict.fromkeys(filter(None, (change.said, change.data))))
    return (change.name, words, *values, said, f"{change.time:.2f}", f"{change.latency:.2f}")
