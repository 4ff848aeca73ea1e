"""What a click model rests on: how much each field matters, and how it fares on the values of fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..core.batch import Examples
from ..core.metrics import RocAuc, value_of
from ..core.report import Table
from ..core.tables import Scan, blocks_of
from ..core.training import Output
from .data.cells import categories

_LOOKED_AT, _FIELDS, _VALUES, _LEAST = 2_000, 6, 5, 50

Score = Callable[[Examples], Output]
Labels = npt.NDArray[np.int64]


def few(examples: Examples, labels: Labels) -> tuple[Examples, Labels]:
    """Return at most 2,000 rows, in memory, evenly from all, with their labels."""
    rows = np.unique(np.linspace(0, len(examples) - 1, _LOOKED_AT).astype(np.int64))
    taken = examples.take(rows)
    inputs = taken.inputs.frame() if isinstance(taken.inputs, Scan) else taken.inputs.reset_index(drop=True)
    return replace(taken, inputs=inputs), labels[rows]


def importance(examples: Examples, labels: Labels, fields: list[str], score: Score, seed: int) -> Table:
    """Return by how much the area under the ROC curve falls when a field is shuffled among the rows, the most first.

    Permutation importance (Breiman, "Random Forests", 2001). A field that says what another says, too, looks idle.
    """
    whole = _area(labels, score(examples))
    order = np.random.default_rng(seed).permutation(len(examples))
    falls = []
    for field in fields:
        shuffled = examples.inputs.copy(deep=False)
        shuffled[field] = examples.inputs[field].iloc[order].set_axis(shuffled.index)
        falls.append((field, whole - _area(labels, score(replace(examples, inputs=shuffled)))))
    rows = [(field, round(fall, 4)) for field, fall in sorted(falls, key=lambda one: -one[1])]
    title = f"What fields matter (fall of the ROC area when shuffled, {len(examples):,} rows)"
    return Table(title=title, columns=("field", "fall"), rows=tuple(rows))


def slices(examples: Examples, labels: Labels, outputs: Output, fields: list[str]) -> Table:
    """Return, for the commonest values of the first fields, rows, clicks, what the model expects and its ROC area."""
    p, fields = np.asarray(outputs), fields[:_FIELDS]
    rows: list[tuple[str | float | int, ...]] = []
    for field, value, count in _commonest(examples, fields):
        chosen = np.concatenate([_texts(block, field) == value for block in blocks_of(examples.inputs, [field])])
        clicks = labels[chosen]
        if count >= _LEAST and 0 < clicks.sum() < count:
            rates = (round(float(clicks.mean()), 4), round(float(p[chosen].mean()), 4))
            rows.append((field, value, count, *rates, round(_area(clicks, p[chosen]), 4)))
    columns = ("field", "value", "rows", "clicks", "expected", "roc_auc")
    return Table(title="By the values of fields", columns=columns, rows=tuple(rows))


def _area(labels: Labels, outputs: Output | npt.NDArray[np.float32]) -> float:
    return value_of(RocAuc(labels, np.asarray(outputs)))


def _commonest(examples: Examples, fields: list[str]) -> list[tuple[str, str, int]]:
    """Return the commonest values of each field, with their rows."""
    counts: dict[str, list[pd.Series[int]]] = {field: [] for field in fields}
    for block in blocks_of(examples.inputs, fields) if fields else ():
        for field in fields:
            counts[field].append(pd.Series(_texts(block, field)).value_counts())
    found = []
    for field in fields:
        total = pd.concat(counts[field]).groupby(level=0).sum().sort_values(ascending=False, kind="stable")
        found += [(field, str(value), int(count)) for value, count in total.head(_VALUES).items()]
    return found


def _texts(block: pd.DataFrame, field: str) -> npt.NDArray[np.object_]:
    """Return the cells of a field as texts, however the column is stored."""
    codes, names = categories(block[field])
    return np.asarray(np.append(names, "")[codes], object)
