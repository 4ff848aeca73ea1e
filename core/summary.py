"""What is in data, for `check`: the part that all domains share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .batch import Examples

_MOST = 20


def summarise(examples: Examples, test: Examples | None = None) -> dict[str, Any]:
    """Return rows, labels with their counts, rows in error and notes; `fatal` says what stops training.

    >>> found = summarise(Examples(inputs=["a", "b", "c"], labels=np.array(["x", "x", "y"]), name="t.csv"))
    >>> found["rows"], found["counts"], found["fatal"]
    (3, {'x': 2, 'y': 1}, [])
    """
    found: dict[str, Any] = {"data": examples.name, "rows": len(examples)}
    if examples.encoding is not None:
        found["encoding"] = examples.encoding
    if examples.columns:
        found["columns"] = examples.columns
    if examples.labels is not None:
        counts = count_labels(examples.labels)
        found |= {"labels": len(counts), "counts": dict(list(counts.items())[:_MOST])}
    if test is not None:
        found["test"] = {"data": test.name, "rows": len(test)}
    errors = {examples.place(row): why for row, why in list(examples.errors.items())[:_MOST]}
    notes = list(dict.fromkeys((*examples.notes, *(test.notes if test else ()))))
    found |= {"rows in error": len(examples.errors), "errors": errors, "notes": notes}
    return found | {"warnings": [], "fatal": [*_unlabelled(examples), *_unread(examples)]}


def count_labels(labels: npt.NDArray[Any]) -> dict[str, int]:
    """Return how many rows bear each label, the commonest first; a row may bear several."""
    flat = [label for row in labels for label in row] if labels.dtype == object and _several(labels) else labels
    names, counts = np.unique(np.asarray(flat).astype(str), return_counts=True)
    return {str(names[k]): int(counts[k]) for k in np.argsort(-counts, kind="stable")}


def _several(labels: npt.NDArray[Any]) -> bool:
    return len(labels) > 0 and isinstance(labels[0], tuple)


def _unlabelled(examples: Examples) -> list[str]:
    none = examples.labels is None
    return [f"{examples.name}: there are no labels; training needs one for each row"] if none else []


def _unread(examples: Examples) -> list[str]:
    """Say what is wrong with the first row that cannot be read."""
    return [f"{examples.place(row)}: {why}" for row, why in list(examples.errors.items())[:1]]
