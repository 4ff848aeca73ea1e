"""What is in data, for `check`: the part that all domains share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .batch import Examples
from .errors import BadRow, DataError, NoLabels, OneClass, WrongLabel

_MOST, _FEW = 20, 5


def summarise(examples: Examples, test: Examples | None = None, tolerance: float = 0.0) -> dict[str, Any]:
    """Return rows, labels with their counts, rows in error and notes; `fatal` holds the errors that stop training.

    Rows that cannot be read do so where they are a larger share than `tolerance`.

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
    unread = left_out(examples, tolerance)
    fatal = [] if unread else [*_unread(examples)]
    return found | {"warnings": unread, "fatal": [*_unlabelled(examples), *fatal]}


def left_out(examples: Examples, tolerance: float) -> list[str]:
    """Say how many rows cannot be read, and why the first cannot, where so few are tolerated."""
    errors = examples.errors
    if not errors or len(errors) > tolerance * len(examples):
        return []
    row, why = next(iter(errors.items()))
    return [f"{examples.name}: left out {len(errors):,} of {len(examples):,} rows ({examples.place(row)}: {why})"]


def one_class(examples: Examples) -> list[DataError]:
    """Return an error where there is one class only."""
    if examples.labels is None or not len(examples):
        return []
    first = str(examples.labels[0])
    only = all(str(label) == first for label in examples.labels)
    return [OneClass(f"{examples.name}: only one class ('{first}'); training needs two or more")] if only else []


def rare_classes(examples: Examples) -> list[str]:
    """Warn of classes with a single row, numbers with fractions excepted: they are not classes."""
    if examples.labels is None or examples.labels.dtype.kind == "f":
        return []
    rare = [label for label, count in count_labels(examples.labels).items() if count < 2]
    shown = ", ".join(rare[:_FEW]) + (", …" if len(rare) > _FEW else "")
    what = f"{examples.name}: {len(rare):,} class{'es' if len(rare) > 1 else ''} with one row only ({shown})"
    return [f"{what}; add rows, or leave the class out"] if rare else []


def unknown_classes(examples: Examples, test: Examples) -> list[DataError]:
    """Name the first label of the test rows that no training row has."""
    if examples.labels is None or test.labels is None or examples.labels.dtype.kind == "f":
        return []
    known = count_labels(examples.labels)
    new = [label for label in count_labels(test.labels) if label not in known]
    what = f"{test.name}: label '{(*new, '')[0]}' is not in {examples.name}; add rows of it there, or leave it out"
    return [WrongLabel(what)] if new else []


def count_labels(labels: npt.NDArray[Any]) -> dict[str, int]:
    """Return how many rows bear each label, the commonest first; a row may bear several."""
    flat = [label for row in labels for label in row] if labels.dtype == object and _several(labels) else labels
    values = np.asarray(flat)
    names, counts = np.unique(values.astype(str) if values.dtype == object else values, return_counts=True)
    return {str(names[k]): int(counts[k]) for k in np.argsort(-counts, kind="stable")}


def _several(labels: npt.NDArray[Any]) -> bool:
    return len(labels) > 0 and isinstance(labels[0], tuple)


def _unlabelled(examples: Examples) -> list[DataError]:
    none = examples.labels is None
    return [NoLabels(f"{examples.name}: there are no labels; training needs one for each row")] if none else []


def _unread(examples: Examples) -> list[DataError]:
    """Say what is wrong with the first row that cannot be read."""
    return [BadRow(f"{examples.place(row)}: {why}") for row, why in list(examples.errors.items())[:1]]
