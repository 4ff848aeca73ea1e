"""The plots of the report: learning curves, the confusion matrix and the reliability diagram."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..metrics import Bin, expected_calibration_error
from .evaluation import Confusion, Evaluation
from .svg import Frame, Point, axes, dot, drawing, labelled, line, thinned, ticks
from .text import measured
from .verdict import PERCENT

_VALID = "valid_"
_DOTS = 40
_CLASSES = 40
_PAIRS = 15


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A drawing, escaped already, with its title and the one thing to see in it."""

    title: str
    caption: str
    svg: str


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A count of the confusion matrix and its share of the row."""

    count: int
    share: float
    hit: bool

    @property
    def depth(self) -> float:
        """How strong its colour is: the square root, so that rare errors can be seen."""
        return math.sqrt(self.share)


def curves(evaluation: Evaluation) -> list[Figure]:
    """Return the train loss and each validation metric by step, where there are two values or more."""
    names = dict.fromkeys(name for row in evaluation.history for name in row)
    wanted = [name for name in names if name == "loss" or name.startswith(_VALID)]
    series = {name: _series(evaluation.history, name) for name in wanted}
    return [_curve(name, points, evaluation) for name, points in series.items() if len(points) > 1]


def _series(history: Sequence[dict[str, float]], name: str) -> list[Point]:
    """Return the values by step; of a step done twice, after a return to a good state, the later."""
    rows = [row for row in history if "step" in row and math.isfinite(row.get(name, math.nan))]
    found = {float(row["step"]): float(row[name]) for row in rows}
    return sorted(found.items())


def _curve(name: str, points: list[Point], evaluation: Evaluation) -> Figure:
    metric = name.removeprefix(_VALID)
    valid = name != metric
    is_main = valid and bool(evaluation.metrics) and metric == evaluation.main_metric
    marked = _best(points, evaluation.greater_is_better) if is_main else points[-1]
    caption = f"{'best' if is_main else 'last'} {measured(metric, marked[1])} at step {marked[0]:,.0f}"
    title = f"Validation {metric}" if valid else "Train loss"
    y = ticks(min(value for _, value in points), max(value for _, value in points))
    frame = Frame(x=(points[0][0], points[-1][0]), y=(y[0], y[-1]))
    x = [tick for tick in ticks(*frame.x) if frame.x[0] <= tick <= frame.x[1]]
    dotted = points if len(points) <= _DOTS else []
    svg = drawing(
        frame,
        f"{title} by step: {caption}",
        axes(frame, labelled(x, _compact), labelled(y, lambda value: _tick(metric, value)), "step"),
        line([frame.at(*point) for point in thinned(points)], "valid" if valid else "train"),
        *(dot(frame.at(*point), 2.2, "small", _note(metric, point)) for point in dotted),
        dot(frame.at(*marked), 4.5, "marked", _note(metric, marked)),
    )
    return Figure(title=title, caption=caption, svg=svg)


def _best(points: list[Point], greater_is_better: bool) -> Point:
    sign = 1 if greater_is_better else -1
    return max(points, key=lambda point: sign * point[1])


def _note(metric: str, point: Point) -> str:
    return f"step {point[0]:,.0f}: {measured(metric, point[1])}"


def _tick(metric: str, value: float) -> str:
    return f"{100 * value:.4g} %" if metric in PERCENT else f"{value:.4g}"


def _compact(step: float) -> str:
    return f"{step / 1000:g}k" if step >= 10_000 else f"{step:,.0f}"


def calibration(bins: Sequence[Bin]) -> Figure | None:
    """Return the reliability diagram: how often what was said with a confidence came true."""
    bins = [one for one in bins if one.count > 0]
    if not bins:
        return None
    frame = Frame(x=(0, 1), y=(0, 1), width=380, height=340)
    marks = labelled((0, 0.25, 0.5, 0.75, 1), lambda value: f"{100 * value:.0f} %")
    most = max(one.count for one in bins)
    svg = drawing(
        frame,
        "Reliability: the share that came true by confidence",
        axes(frame, marks, marks, "confidence"),
        *(_bar(frame, one, most) for one in bins),
        line([frame.at(0, 0), frame.at(1, 1)], "ideal"),
        line([frame.at(one.confidence, one.accuracy) for one in bins], "valid"),
        *(dot(frame.at(one.confidence, one.accuracy), 4, "marked", _bin_note(one)) for one in bins),
    )
    error = 100 * expected_calibration_error(list(bins))
    return Figure(title="Reliability", caption=f"expected calibration error {error:.1f} points", svg=svg)


def _bar(frame: Frame, one: Bin, most: int) -> str:
    """Return a bar that says how many rows there are, at most a quarter of the height."""
    x, top = frame.at(one.confidence, 0.25 * one.count / most)
    _, base = frame.at(0, 0)
    return f'<rect class="bar" x="{x - 9:.1f}" y="{top:.1f}" width="18" height="{base - top:.1f}" rx="2"/>'


def _bin_note(one: Bin) -> str:
    said, true = f"{100 * one.confidence:.1f} %", f"{100 * one.accuracy:.1f} %"
    return f"confidence {said}: {true} came true, {one.count:,} rows"


def heat(confusion: Confusion) -> list[tuple[str, list[Cell]]]:
    """Return each label with its row of cells; nothing where there are too many classes to look at."""
    if len(confusion.labels) > _CLASSES:
        return []
    rows = zip(confusion.labels, confusion.counts, strict=True)
    return [(label, _cells(row, counts)) for row, (label, counts) in enumerate(rows)]


def _cells(row: int, counts: Sequence[int]) -> list[Cell]:
    total = max(1, sum(counts))
    return [Cell(count=count, share=count / total, hit=row == column) for column, count in enumerate(counts)]


def pairs(confusion: Confusion) -> list[tuple[str, str, int, float]]:
    """Return label, prediction, count and its share of the label's rows: the most frequent errors first."""
    found = [
        (label, confusion.labels[column], count, count / max(1, sum(counts)))
        for row, (label, counts) in enumerate(zip(confusion.labels, confusion.counts, strict=True))
        for column, count in enumerate(counts)
        if row != column and count > 0
    ]
    return sorted(found, key=lambda pair: -pair[2])[:_PAIRS]
