"""The plots of the page: quality against what it costs, quality over the data, and the ladder at a glance."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape

from ...metrics import Interval
from ...report import shown
from ...report.svg import Frame, Point, axes, drawing, labelled, line, text, ticks
from ...report.text import ends, visible
from ...report.verdict import PERCENT
from ..summary import CaseSummary, Summary
from ..table import figures, megabytes, milliseconds, seconds

_LETTER, _LINE = 6.4, 13.0
"""The size of a letter of a label, in pixels."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A drawing, escaped already, with its title."""

    title: str
    caption: str
    svg: str


@dataclass(frozen=True)
class _Cost:
    """What quality is set against: a figure of the rows, its title and how it is written."""

    name: str
    title: str
    axis: str
    write: Callable[[float], str]


_COSTS = (
    _Cost("latency_p50_ms", "Latency", "latency of one row, p50", milliseconds),
    _Cost("size_mb", "Size", "size of what prediction needs", megabytes),
    _Cost("train_seconds", "Training", "training time", seconds),
)


def pareto(case: CaseSummary) -> list[Figure]:
    """Return quality against latency, size and training time; the prior, which is cheap and knows nothing, left out."""
    rungs = [one for one in case.rungs if one.kind not in ("prior", "peer") and math.isfinite(one.quality.value)]
    if len(rungs) < 2:
        return []
    return [_pareto(case, cost, [one for one in rungs if one.cost(cost.name) > 0]) for cost in _COSTS]


def short(one: Summary) -> str:
    """Return a name that fits beside a dot."""
    name = one.label.split(" + ")[0] if one.model == one.label else one.model
    return name if len(name) <= 20 else f"{name[:19]}…"


def row_title(one: Summary) -> str:
    """Return what a pointer that rests on a model shows: its row."""
    costs = ", ".join(f"{name} {value}" for name, value in figures(one).items())
    return (
        f"{one.label}: {one.metric} {shown(one.metric, one.quality.value)} ({ends(one.metric, one.quality)}); {costs}"
    )


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the numbers of the points, cost and quality (greater is better), that none beats in both, cheapest first.

    >>> front([(1.0, 0.5), (2.0, 0.4), (3.0, 0.9), (3.0, 0.8)])
    [0, 2]
    """
    order = sorted(range(len(points)), key=lambda row: (points[row][0], -points[row][1]))
    found: list[int] = []
    for row in order:
        if not found or points[row][1] > points[found[-1]][1]:
            found.append(row)
    return found


def decades(low: float, high: float) -> list[float]:
    """Return round values for a logarithmic axis: powers of ten, with 2 and 5 between where they are few.

    >>> decades(0.5, 300), decades(2, 9)
    ([1.0, 10.0, 100.0], [2.0, 5.0])
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found = [10.0**power for power in powers]
    inside = [value for value in found if low <= value <= high]
    if len(inside) >= 3:
        return inside
    return [step * value for value in found for step in (1, 2, 5) if low <= step * value <= high]


def curve(case: CaseSummary) -> Figure | None:
    """Return quality over the number of training rows, where smaller parts of them were learned from."""
    series: dict[str, list[Summary]] = {}
    for one in (*case.curve, *case.rungs):
        if one.kind != "prior" and math.isfinite(one.quality.value):
            series.setdefault(one.label, []).append(one)
    series = {name: sorted(found, key=_rows) for name, found in series.items() if len(found) > 1}
    if not series:
        return None
    every = [one for found in series.values() for one in found]
    x = _padded([_rows(one) for one in every])
    y = _range(case, every)
    frame = Frame(x=(math.log10(x[0]), math.log10(x[1])), y=y[1], width=760, height=300, left=56, right=110)
    parts = []
    placed: list[_Box] = []
    for found in series.values():
        points = [frame.at(math.log10(_rows(one)), one.quality.value) for one in found]
        parts.append(line(points, f"valid {found[-1].kind}"))
        parts += [_mark(frame, point, one) for point, one in zip(points, found, strict=True)]
        parts.append(_label(points[-1], short(found[-1]), frame, placed, found[-1].kind))
    grid = axes(frame, _log_ticks(x, lambda value: f"{value:,.0f}"), labelled(y[0], _write(case)), "training rows")
    svg = drawing(frame, f"{case.case}: quality over training rows", grid, *parts)
    return Figure(title="Learning curve", caption="what more data would bring", svg=svg)


@dataclass(frozen=True, kw_only=True)
class Step:
    """A rung on the scale that all of a case share: its value and interval in percent of the width."""

    rung: Summary
    title: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """The rungs one below the other; `marks` are the places of round values, `ceiling` that of the best possible."""

    steps: tuple[Step, ...]
    marks: tuple[tuple[float, str], ...]
    ceiling: float | None


def ladder(case: CaseSummary) -> Ladder | None:
    """Return the rungs on a common scale, the better end to the right; None where nothing could be measured."""
    rungs = [one for one in case.rungs if math.isfinite(one.quality.value)]
    if not rungs:
        return None
    marks, (worst, best) = _range(case, rungs)

    def place(value: float) -> float:
        return min(max(100 * (value - worst) / (best - worst), 0.0), 100.0)

    steps = []
    for one in rungs:
        low, high = sorted(map(place, _known(one.quality)))
        steps.append(Step(rung=one, title=row_title(one), value=place(one.quality.value), low=low, high=high))
    write = _write(case)
    return Ladder(
        steps=tuple(steps),
        marks=tuple((place(value), write(value)) for value in marks),
        ceiling=None if case.ceiling is None else place(case.ceiling),
    )


def _pareto(case: CaseSummary, cost: _Cost, rungs: list[Summary]) -> Figure:
    x, y = _padded([one.cost(cost.name) for one in rungs]), _range(case, rungs)
    frame = Frame(x=(math.log10(x[0]), math.log10(x[1])), y=y[1], height=250, left=52)
    points = [frame.at(math.log10(one.cost(cost.name)), one.quality.value) for one in rungs]
    parts = [axes(frame, _log_ticks(x, cost.write), labelled(y[0], _write(case)), cost.axis)]
    if case.ceiling is not None:
        (left, top), (right, _) = (frame.at(end, case.ceiling) for end in frame.x)
        parts.append(f'<line class="ceiling" x1="{left:.1f}" x2="{right:.1f}" y1="{top:.1f}" y2="{top:.1f}"/>')
    best = front([(one.cost(cost.name), one.better()) for one in rungs])
    parts.append(line(_stairs([points[row] for row in best]), "front"))
    boxes = [_Box(px - 7, py - 7, px + 7, py + 7) for px, py in points]
    for one, point in zip(rungs, points, strict=True):
        parts.append(_mark(frame, point, one))
    parts += [_label(point, short(one), frame, boxes, one.kind) for one, point in zip(rungs, points, strict=True)]
    told = ", ".join(short(rungs[row]) for row in best)
    svg = drawing(frame, f"{case.case}: {rungs[0].metric} against {cost.axis}; on the front: {told}", *parts)
    return Figure(title=f"{cost.title}", caption=f"best for their price: {told}", svg=svg)


@dataclass(frozen=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: _Box) -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


def _label(at: Point, name: str, frame: Frame, placed: list[_Box], kind: str) -> str:
    """Return a name beside a point, where it meets nothing that is placed already, if there is such a place."""
    (px, py), width = at, _LETTER * len(name)
    places = [
        ((px + 9, py + 4), "start"), ((px - 9, py + 4), "end"), ((px, py - 10), "middle"), ((px, py + 19), "middle"),
        ((px + 9, py - 9), "start"), ((px + 9, py + 17), "start"),
        ((px - 9, py - 9), "end"), ((px - 9, py + 17), "end"),
    ]  # fmt: skip
    boxes = [_box(place, anchor, width) for place, anchor in places]
    free = [
        number
        for number, box in enumerate(boxes)
        if box.left >= frame.left and box.right <= frame.width and box.top >= 0
        and not any(box.meets(other) for other in placed)
    ]  # fmt: skip
    chosen = free[0] if free else (1 if px > frame.width / 2 else 0)
    placed.append(boxes[chosen])
    return text(*places[chosen][:1], name, places[chosen][1], f"name {kind}")


def _box(at: Point, anchor: str, width: float) -> _Box:
    left = at[0] - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
    return _Box(left, at[1] - 10, left + width, at[1] + _LINE - 10)


def _mark(frame: Frame, at: Point, one: Summary) -> str:
    """Return a model's dot with its interval, and its row for a pointer that rests on it."""
    reach = [min(max(frame.at(frame.x[0], end)[1], 2), frame.height - 2) for end in _known(one.quality)]
    return (
        f'<g class="point {one.kind}"><title>{escape(visible(row_title(one)))}</title>'
        f'<line class="reach" x1="{at[0]:.1f}" x2="{at[0]:.1f}" y1="{reach[0]:.1f}" y2="{reach[1]:.1f}"/>'
        f"{_shape(one.kind, at)}</g>"
    )


def _shape(kind: str, at: Point) -> str:
    """Return a square for what is classical, a diamond for what was pretrained, else a circle."""
    x, y = at
    if kind == "classical":
        return f'<rect class="shape" x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10" rx="2"/>'
    if kind in ("pretrained", "run"):
        corners = f"{x:.1f},{y - 7:.1f} {x + 7:.1f},{y:.1f} {x:.1f},{y + 7:.1f} {x - 7:.1f},{y:.1f}"
        return f'<polygon class="shape" points="{corners}"/>'
    return f'<circle class="shape" cx="{x:.1f}" cy="{y:.1f}" r="5.5"/>'


def _stairs(points: Sequence[Point]) -> list[Point]:
    """Return a line that goes across to the next point, then up to it."""
    found: list[Point] = []
    for point in points:
        if found:
            found.append((point[0], found[-1][1]))
        found.append(point)
    return found


def _log_ticks(ends_: Point, write: Callable[[float], str]) -> list[tuple[float, str]]:
    room = 0.04 * math.log10(ends_[1] / ends_[0])  # the corner is the other axis's
    shown_ = [value for value in decades(*ends_) if math.log10(value / ends_[0]) > room]
    return [(math.log10(value), _plain(write(value))) for value in shown_]


def _plain(written: str) -> str:
    """Return a written value without the digits that a round one has for nothing."""
    number, _, unit = written.partition(" ")
    number = number.rstrip("0").rstrip(".") if "." in number else number
    return f"{number} {unit}".strip()


def _padded(values: Iterable[float]) -> Point:
    """Return the ends of a logarithmic axis, with room at both."""
    values = list(values)
    room = max(1.5, (max(values) / min(values)) ** 0.15)
    return min(values) / room, max(values) * room


def _reach(case: CaseSummary, rungs: Sequence[Summary]) -> Point:
    """Return the lowest and the highest end of all intervals, and the ceiling."""
    values = [end for one in rungs for end in _known(one.quality)]
    values += [case.ceiling] if case.ceiling is not None else []
    return min(values), max(values)


def _range(case: CaseSummary, rungs: Sequence[Summary]) -> tuple[list[float], Point]:
    """Return the marks of the axis of quality, and its ends: the better one above."""
    marks = ticks(*_reach(case, rungs))
    return marks, _ways(case, marks)


def _ways(case: CaseSummary, marks: Sequence[float]) -> Point:
    return (marks[0], marks[-1]) if case.rungs[0].greater_is_better else (marks[-1], marks[0])


def _known(quality: Interval) -> Point:
    """Return the ends of an interval; the value itself where there are none."""
    known = math.isfinite(quality.low) and math.isfinite(quality.high)
    return (quality.low, quality.high) if known else (quality.value, quality.value)


def _write(case: CaseSummary) -> Callable[[float], str]:
    percent = case.rungs[0].metric in PERCENT
    return lambda value: f"{100 * value:.4g} %" if percent else f"{value:.4g}"


def _rows(one: Summary) -> float:
    return one.cost("train_rows")
