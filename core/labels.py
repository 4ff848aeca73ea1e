"""What a label is: one class of several, several labels at once, or a number."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .batch import Examples
from .errors import CountsDiffer, Damaged, DataError, NoLabels, NoRows, OneClass, WrongLabel, did_you_mean
from .tables import is_several, label_sets

Label = str | int | float | bool
Target = Literal["auto", "class", "labels", "number"]

SEPARATOR = "|"
"""Joins several labels of a row in a text file."""


@dataclass(frozen=True)
class Classes:
    """The sorted class names of a training set; labels match by their text, so 1 in an array is "1" in a file.

    >>> classes = Classes(("ham", "spam"))
    >>> classes.encode(Examples(inputs=["x"], labels=np.array(["spam"]))).tolist()
    [1]
    """

    names: tuple[Label, ...]

    @classmethod
    def fit(cls, examples: Examples) -> Classes:
        """Collect the classes; raise DataError where a label is missing or there are fewer than two classes."""
        labels = _labels(examples)
        names = tuple(np.unique(labels).tolist())
        if len(names) < 2:
            raise OneClass(f"{examples.name}: only one class ('{names[0]}'); training needs two or more")
        return cls(names)

    def encode(self, examples: Examples) -> npt.NDArray[np.int64]:
        """Return the class number of each row, −1 where there are no labels; raise DataError for an unknown one."""
        import pandas as pd

        if examples.labels is None:
            return np.full(len(examples), -1)
        numbers = {str(name): number for number, name in enumerate(self.names)}
        codes, labels = pd.factorize(np.asarray(examples.labels), use_na_sentinel=False)
        known = np.array([numbers.get(str(label), -1) for label in labels], dtype=np.int64)
        encoded = np.asarray(known[codes])
        for row in np.flatnonzero(encoded < 0)[:1]:
            raise _unknown(examples, int(row), str(examples.labels[row]), numbers)
        return encoded

    def array(self) -> npt.NDArray[Any]:
        """Return the names as the array that scikit-learn calls `classes_`."""
        return np.array(self.names)

    def to_json(self) -> Any:
        """Return what `load_labels` reads."""
        return list(self.names)

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class LabelSets:
    """The sorted names of labels of which a row has any number; rows are tuples, or texts joined by `|`.

    >>> sets = LabelSets(("cheap", "fast"))
    >>> sets.encode(Examples(inputs=["x", "y"], labels=np.array(["fast|cheap", ""]))).tolist()
    [[1.0, 1.0], [0.0, 0.0]]
    """

    names: tuple[str, ...]

    @classmethod
    def fit(cls, examples: Examples) -> LabelSets:
        """Collect the labels; raise DataError where there are none."""
        names = sorted({name for row in _labels(examples) for name in members(row)}, key=_in_order)
        if not names:
            raise NoLabels(f"{examples.name}: no row has a label; training needs one or more")
        return cls(tuple(names))

    def encode(self, examples: Examples) -> npt.NDArray[np.float32]:
        """Return a 1 for each label that a row has (N, labels), NaN where there are no labels."""
        if examples.labels is None:
            return np.full((len(examples), len(self)), np.nan, np.float32)
        numbers = {name: number for number, name in enumerate(self.names)}
        encoded = np.zeros((len(examples), len(self)), np.float32)
        for row, label in enumerate(examples.labels):
            for name in members(label):
                if name not in numbers:
                    raise _unknown(examples, row, name, numbers)
                encoded[row, numbers[name]] = 1
        return encoded

    def array(self) -> npt.NDArray[Any]:
        """Return the names in the order of the columns."""
        return np.array(self.names)

    def to_json(self) -> Any:
        """Return what `load_labels` reads."""
        return {"kind": "labels", "names": list(self.names)}

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Numbers:
    """Labels that are numbers, with the mean and standard deviation by which a model sees them.

    >>> Numbers.fit(Examples(inputs=["x", "y"], labels=np.array(["1.5", "2.5"])))
    Numbers(mean=2.0, deviation=0.5)
    """

    mean: float
    deviation: float

    @classmethod
    def fit(cls, examples: Examples) -> Numbers:
        """Measure the labels; raise DataError where one is no number, or all are the same."""
        values = _numbers(examples, _labels(examples))
        deviation = float(values.std())
        if deviation == 0:
            raise OneClass(f"{examples.name}: every label is {values[0]:g}; training needs two numbers or more")
        return cls(float(values.mean()), deviation)

    def encode(self, examples: Examples) -> npt.NDArray[np.float64]:
        """Return the number of each row, NaN where there are no labels."""
        if examples.labels is None:
            return np.full(len(examples), np.nan)
        return _numbers(examples, examples.labels)

    def to_json(self) -> Any:
        """Return what `load_labels` reads."""
        return {"kind": "number", "mean": self.mean, "deviation": self.deviation}

    def __len__(self) -> int:
        return 1


Labels = Classes | LabelSets | Numbers
KINDS: dict[str, type[Labels]] = {"class": Classes, "labels": LabelSets, "number": Numbers}


def fit_labels(examples: Examples, target: Target = "auto") -> Labels:
    """Learn the labels of a training set.

    By themselves ("auto") tuples are several labels, numbers of which some have a fraction are numbers, also where a
    file holds them as text, and all else are classes, as in scikit-learn's `type_of_target`.
    """
    return KINDS[kind_of(_labels(examples)) if target == "auto" else target].fit(examples)


def typed(labels: npt.NDArray[Any], target: Target = "auto") -> npt.NDArray[Any]:
    """Return labels as their kind has them: tuples of several, floats of numbers (NaN for what is none), else as given.

    >>> typed(np.array(["b|a", ""]), "labels").tolist(), typed(np.array(["1.5", "2"])).tolist()
    ([('b', 'a'), ()], [1.5, 2.0])
    """
    kind = target if target != "auto" else kind_of(labels) if len(labels) else "class"
    if kind == "labels":
        found = np.empty(len(labels), dtype=object)
        found[:] = [members(label) for label in labels]
        return found
    return _as_floats(labels) if kind == "number" else labels


def save_labels(folder: Path, labels: Labels) -> None:
    """Write `classes.json`."""
    (folder / "classes.json").write_text(json.dumps(labels.to_json()), encoding="utf-8")


def load_labels(folder: Path) -> Labels:
    """Read what `save_labels` wrote."""
    found = json.loads((folder / "classes.json").read_text(encoding="utf-8"))
    if isinstance(found, list):
        return Classes(tuple(found))
    if found.get("kind") == "labels":
        return LabelSets(tuple(found["names"]))
    if found.get("kind") == "number":
        return Numbers(found["mean"], found["deviation"])
    raise Damaged(f"{folder}/classes.json: labels of the kind '{found.get('kind')}' are unknown; save it again")


def as_labels(labels: Sequence[Any] | npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return labels as a flat array of strings, numbers, truth values or tuples; raise DataError where one is missing.

    Where each row has several, the array is one of tuples of strings. A matrix of 0 and 1, as scikit-learn has it,
    becomes tuples of column numbers.

    >>> as_labels([["fun", "long"], []]).tolist(), as_labels(np.array([[0, 1], [1, 1]])).tolist()
    ([('fun', 'long'), ()], [('1',), ('0', '1')])
    """
    import pandas as pd

    if isinstance(labels, np.ndarray) and labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels.ravel()
    if isinstance(labels, np.ndarray) and labels.ndim == 2 and np.isin(labels, (0, 1)).all():
        labels = [np.flatnonzero(row).tolist() for row in labels]
    if not isinstance(labels, np.ndarray) or labels.dtype == object:
        rows = list(labels)
        if any(is_several(row) for row in rows):
            return label_sets(rows, lambda row: f"labels: row {row}")
    array = np.asarray(labels)
    if array.ndim != 1:
        raise WrongLabel(f"labels have the shape {array.shape}; give one label a row")
    for row in np.flatnonzero(pd.isna(np.asarray(labels, dtype=object))):
        raise WrongLabel(f"labels: row {row} has none; give one a row, or leave the row out")
    return array.astype(str) if array.dtype == object else array


def kind_of(labels: npt.NDArray[Any]) -> str:
    """Return the name in `KINDS` that labels have by themselves."""
    if labels.dtype == object and isinstance(labels[0], tuple):
        return "labels"
    if labels.dtype.kind not in "fU":
        return "class"
    values = _as_floats(labels)
    fractions = bool(np.isfinite(values).all() and (values != np.floor(values)).any())
    return "number" if fractions else "class"


def _as_floats(labels: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    import pandas as pd

    return np.asarray(pd.to_numeric(pd.Series(labels), errors="coerce"), dtype=np.float64)


def _in_order(name: str) -> tuple[float, str]:
    """Sort numbers, such as those of a matrix's columns, by value and before names."""
    return (int(name), name) if name.isdecimal() else (float("inf"), name)


def members(label: Any) -> tuple[str, ...]:
    """Return the labels of a row that has several, as a tuple or a text."""
    if isinstance(label, tuple):
        return label
    return tuple(part for part in map(str.strip, str(label).split(SEPARATOR)) if part)


def _numbers(examples: Examples, labels: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    values = _as_floats(labels)
    for row in np.flatnonzero(~np.isfinite(values)):
        raise WrongLabel(
            f"{examples.place(int(row))}: label '{labels[row]}' is not a number; mend it or remove the row"
        )
    return values


def _unknown(examples: Examples, row: int, label: str, known: dict[str, int]) -> DataError:
    hint = did_you_mean(label, known)
    return WrongLabel(f"{examples.place(row)}: label '{label}' is not a class of the model{hint}")


def _labels(examples: Examples) -> npt.NDArray[Any]:
    if examples.labels is None:
        raise NoLabels(f"{examples.name}: there are no labels; training needs one for each row")
    if len(examples) == 0:
        raise NoRows(f"{examples.name}: there are no rows; give at least one")
    if len(examples.labels) != len(examples):
        raise CountsDiffer(f"{examples.name}: {len(examples)} rows but {len(examples.labels)} labels; give one a row")
    return examples.labels
