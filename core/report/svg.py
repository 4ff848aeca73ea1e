"""The drawing that the plots share: a frame with axes, in colours that the page sets for light and dark."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape

from .text import visible

Point = tuple[float, float]
Tick = tuple[float, str]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Where data lie in a drawing: the ranges of x and y, the size in pixels and the space left around."""

    x: Point
    y: Point
    width: float = 380
    height: float = 220
    left: float = 46
    right: float = 14
    top: float = 12
    bottom: float = 36

    def at(self, x: float, y: float) -> Point:
        """Return the pixel of a value."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return (
            self.left + across * (self.width - self.left - self.right),
            self.height - self.bottom - up * (self.height - self.top - self.bottom),
        )


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Return round values a step of 1, 2 or 5 apart that lie around a range.

    >>> ticks(0.12, 0.88), ticks(3.0, 3.0)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [2.6, 2.8, 3.0, 3.2, 3.4])
    """
    if high <= low:
        pad = abs(low) * 0.1 or 0.5
        low, high = low - pad, high + pad
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def thinned(points: Sequence[Point], buckets: int = 300) -> list[Point]:
    """Return at most two points a bucket, its lowest and its highest, so that no spike is lost."""
    size = math.ceil(len(points) / buckets)
    if size <= 2:
        return list(points)
    kept: list[Point] = [points[0]]
    for start in range(1, len(points) - 1, size):
        bucket = sorted(points[start : min(start + size, len(points) - 1)], key=lambda point: point[1])
        kept += sorted({bucket[0], bucket[-1]})
    return [*kept, points[-1]]


def axes(frame: Frame, x: Iterable[Tick], y: Iterable[Tick], name: str) -> str:
    """Return horizontal grid lines, the labels of both axes and the name of the lower."""
    x0, x1 = frame.left, frame.width - frame.right
    base = frame.height - frame.bottom
    parts = []
    for value, label in y:
        _, py = frame.at(frame.x[0], value)
        parts.append(f'<line class="grid" x1="{x0:.1f}" x2="{x1:.1f}" y1="{py:.1f}" y2="{py:.1f}"/>')
        parts.append(text((x0 - 7, py + 3.5), label, "end"))
    for value, label in x:
        px, _ = frame.at(value, frame.y[0])
        parts.append(text((px, base + 15), label, "middle"))
    return "".join(parts) + text(((x0 + x1) / 2, base + 30), name, "middle", "name")


def text(at: Point, content: str, anchor: str, kind: str = "tick") -> str:
    """Return escaped text."""
    place = f'x="{at[0]:.1f}" y="{at[1]:.1f}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(visible(content))}</text>'


def line(points: Iterable[Point], kind: str) -> str:
    """Return a line through pixels."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline class="line {kind}" points="{path}"/>'


def dot(at: Point, radius: float, kind: str, title: str = "") -> str:
    """Return a dot, with the text that a pointer resting on it shows."""
    inner = f"<title>{escape(visible(title))}</title>" if title else ""
    return f'<circle class="dot {kind}" cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{radius:g}">{inner}</circle>'


def drawing(frame: Frame, label: str, *parts: str) -> str:
    """Return the SVG element; everything in `parts` must be escaped already."""
    box, name = f"0 0 {frame.width:g} {frame.height:g}", escape(visible(label))
    return f'<svg role="img" viewBox="{box}" aria-label="{name}">{"".join(parts)}</svg>'


def labelled(values: Iterable[float], write: Callable[[float], str]) -> list[Tick]:
    """Return tick values with their labels."""
    return [(value, write(value)) for value in values]
