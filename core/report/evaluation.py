"""An evaluation as plain data: what was measured, beside what, and the sentence that it comes to."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from pathlib import Path
from typing import Any

from ..metrics import Bin, Interval
from .mistake import Mistake, bare
from .verdict import verdict

Row = tuple[str | float | int, ...]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Another model on the same rows, and how much better ours is on the main metric (positive: better).

    `others` are the metrics of further models that were tried beside it.
    """

    name: str
    metrics: dict[str, Interval]
    difference: Interval
    others: dict[str, dict[str, Interval]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A titled table, such as the scores of each class."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """Counts of label (row) against prediction (column)."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture as a `data:` URI, and what is to be seen on it."""

    image: str
    caption: str


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Metrics with intervals, the baseline beside them, and what the report shows besides.

    `metrics` holds the main metric first, named as in scikit-learn or the field. `branches` are the metrics of a
    model's parts, each by itself. `pictures` show what the model looks at. `history` are the rows of `history.jsonl`;
    `facts` are sizes and speed, ready to be read. `seconds` is how long the model took to answer, where it was asked
    for this evaluation, else 0.
    """

    domain: str
    data: str
    rows: int
    model: str
    metrics: dict[str, Interval]
    greater_is_better: bool
    baseline: Comparison | None = None
    branches: dict[str, dict[str, Interval]] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    confusion: Confusion | None = None
    reliability: tuple[Bin, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    pictures: tuple[Picture, ...] = ()
    history: tuple[dict[str, float], ...] = ()
    facts: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def main_metric(self) -> str:
        """The name of the metric that decides."""
        return next(iter(self.metrics))

    def verdict(self) -> str:
        """Return the sentence that says which model to ship."""
        if self.baseline is None:
            return f"No classical baseline was measured beside {self.model}."
        ours, theirs = self.metrics[self.main_metric], self.baseline.metrics[self.main_metric]
        return verdict(self.main_metric, (self.model, ours), (self.baseline.name, theirs), self.baseline.difference)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but pictures and sounds as plain values."""
        silent = tuple(replace(mistake, image="", media=()) for mistake in self.mistakes)
        found = asdict(replace(self, mistakes=silent, pictures=())) | {"verdict": self.verdict()}
        found["mistakes"] = tuple(map(bare, found["mistakes"]))
        del found["pictures"]
        return found

    def save(self, path: str | Path) -> Path:
        """Write a `.json` file, or one offline HTML page for any other ending."""
        path = Path(path)
        if path.suffix == ".json":
            # A lone half of a character, as in a broken file name, becomes its JSON escape.
            path.write_text(plain_json(self.to_dict()) + "\n", encoding="utf-8", errors="backslashreplace")
        else:
            from .page import render

            path.write_text(render(self), encoding="utf-8")
        return path


def plain_json(value: Any) -> str:
    """Return plain values, and dataclasses of them, as one line of JSON, with null for what is not a number.

    >>> plain_json({"wer": float("nan")})
    '{"wer": null}'
    """
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(_finite(value), ensure_ascii=False))


_HIDDEN = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What steers a terminal or is no character; JSON itself writes out only what is below a space."""


def _finite(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _finite(asdict(value))
    if isinstance(value, dict):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
