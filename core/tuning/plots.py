"""The plots of a study: the best so far, and the value by each setting that mattered."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ..report.plots import Figure
from ..report.svg import Frame, Point, Tick, axes, dot, drawing, labelled, line, ticks
from ..report.text import measured, number
from ..report.verdict import PERCENT
from .result import TrialResult, Tuning
from .space import Scalar

_CLOUDS = 3
_LOG_FACTOR = 8
"""Numbers above 0 that span so much are drawn by their logarithm."""


def best_so_far(tuning: Tuning) -> Figure | None:
    """Return each trial's value by its order, with the best complete one so far as a line."""
    shown = _with_value(tuning.trials)
    if len(shown) < 2:
        return None
    values = [trial.value or 0.0 for trial in shown]
    y = ticks(min(values), max(values))
    first, last = shown[0].number, shown[-1].number
    frame = Frame(x=(first, last), y=(y[0], y[-1]), left=54)
    x = [tick for tick in ticks(first, last) if first <= tick <= last and tick == int(tick)]
    better = max if tuning.greater_is_better else min
    path: list[Point] = []
    for trial in shown:
        if trial.state == "complete":
            value = trial.value or 0.0
            best = better(path[-1][1], value) if path else value
            path += [(trial.number, path[-1][1]), (trial.number, best)] if path else [(trial.number, best)]
    path += [(last, path[-1][1])]
    dots = (_dot(frame, trial.number, trial, tuning) for trial in shown)
    parts = axes(frame, labelled(x, lambda tick: f"{tick:.0f}"), labelled(y, _value_tick(tuning.metric)), "trial")
    caption = f"best so far: {measured(tuning.metric, path[-1][1])}"
    lines = line([frame.at(*point) for point in path], "valid")
    return Figure(
        title=f"Validation {tuning.metric}", caption=caption, svg=drawing(frame, caption, parts, lines, *dots)
    )


def clouds(tuning: Tuning) -> list[Figure]:
    """Return the value by each of the settings that mattered most."""
    shown = _with_value(tuning.trials)
    names = [name for name, share in tuning.importances.shares.items() if share > 0][:_CLOUDS]
    return [_cloud(name, shown, tuning) for name in names]


def _cloud(name: str, shown: Sequence[TrialResult], tuning: Tuning) -> Figure:
    column = [trial.settings[name] for trial in shown]
    place, marks, reach = _scale(column)
    values = [trial.value or 0.0 for trial in shown]
    y = ticks(min(values), max(values))
    frame = Frame(x=reach, y=(y[0], y[-1]), left=54)
    parts = axes(frame, marks, labelled(y, _value_tick(tuning.metric)), name)
    dots = (_dot(frame, place(value), trial, tuning) for value, trial in zip(column, shown, strict=True))
    caption = f"{100 * tuning.importances.shares[name]:.0f} % of the order of the trials"
    label = f"{tuning.metric} by {name}: {caption}"
    return Figure(title=name, caption=caption, svg=drawing(frame, label, parts, *dots))


def _scale(column: Sequence[Scalar]) -> tuple[Callable[[Scalar], float], list[Tick], Point]:
    """Return where a value lies, the ticks, and the ends of the axis."""
    numbers = [value for value in column if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < len(column):
        options = sorted(set(map(str, column)))
        return lambda value: options.index(str(value)), _texts(options), (-0.5, len(options) - 0.5)
    low, high = min(numbers), max(numbers)
    if low > 0 and high / low >= _LOG_FACTOR:
        ends = (math.log10(low), math.log10(high))
        powers = [
            power + math.log10(step) for power in range(math.floor(ends[0]), math.ceil(ends[1])) for step in (1, 3)
        ]
        marks = [(mark, f"{10**mark:.1g}") for mark in powers if ends[0] <= mark <= ends[1]]
        return lambda value: math.log10(float(value or 1)), marks, ends
    x = ticks(low, high)
    return lambda value: float(value or 0), labelled(x, lambda tick: f"{tick:g}"), (x[0], x[-1])


def _texts(options: Sequence[str]) -> list[Tick]:
    return [(place, option) for place, option in enumerate(options)]


def _dot(frame: Frame, x: float, trial: TrialResult, tuning: Tuning) -> str:
    """Return a trial: the best marked, those that did not come to their end faint."""
    kind = "marked" if trial == tuning.best else "small" if trial.state == "complete" else "small faint"
    said = f"trial {trial.number}, {trial.state}: {measured(tuning.metric, trial.value or 0.0)}"
    return dot(frame.at(x, trial.value or 0.0), 6 if kind == "marked" else 3.5, kind, said)


def _with_value(trials: Sequence[TrialResult]) -> list[TrialResult]:
    return [trial for trial in trials if trial.value is not None]


def _value_tick(metric: str) -> Callable[[float], str]:
    return lambda value: f"{100 * value:.4g} %" if metric in PERCENT else number(float(f"{value:.4g}"))
