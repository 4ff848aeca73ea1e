"""How a pipeline reads data: examples that can be used, with labels, checked, and some held out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeAlias

import numpy as np

from .batch import Examples
from .errors import BadRow, CountsDiffer, NoLabels, NotFittedError, WrongColumns
from .holdout import default_share, hold_out
from .parts import Parts
from .summary import left_out
from .tables import ABOVE, is_table, local, read_table
from .training import Bar, Observer, Silent

NO_LABEL = ""
"""The name of a label column where none is to be read."""

Valid: TypeAlias = float | str | Path | Examples | None
"""The rows to validate on: a share of the training rows, a path, examples; None for what the data have for it."""


class Reading(Parts):
    """The part of a pipeline that reads; what it says goes to stderr where `verbose` asks for it."""

    verbose: bool

    def read_labelled(self, X: Any, y: Any = None, *, input: str | None = None, label: str | None = None) -> Examples:
        """Read data of which every row can be used and has a label; raise DataError otherwise.

        So few rows that cannot be read as `tolerance` allows are left out.
        """
        X, label = local(X), label or None  # "" names none, as ever
        examples = self._read(X, y, input, label)
        if left_out(examples, self.tolerance):
            good = np.ones(len(examples), np.bool_)
            good[list(examples.errors)] = False
            message = left_out(examples, self.tolerance)[0]
            examples = replace(examples.take(good), notes=(*examples.notes, message))
        return self._with_labels(_whole(examples), X, label)

    def check(
        self, X: Any, y: Any = None, *, input: str | None = None, label: str | None = None, test: Any = None
    ) -> dict[str, Any]:
        """Read data as training would, and return what is in it; `warnings` and `fatal` say what is wrong with it.

        With `test`, the data to test on, what the two share is told, too.
        """
        label = label or None
        examples = self._read(X, y, input, label)
        columns = {"input": input, "label": label} | examples.columns
        found = self.examine(examples, None if test is None else self._read(test, **columns))
        return found | {"fatal": [str(error) for error in found["fatal"]]}

    def inspect(self, examples: Examples, test: Examples | None = None) -> Examples:
        """Return examples that are fit to be trained on; what may spoil it is said, and DataError what must."""
        found = self.examine(examples, test)
        for error in found["fatal"]:
            raise error
        for message in (*found["notes"], *found["warnings"]):
            self._say(message)
        return examples

    def _read(self, X: Any, y: Any = None, input: str | None = None, label: str | None = None) -> Examples:
        """Read data, by the columns of the training data unless others are given; unfitted, `read` chooses them."""
        if isinstance(X, Examples):
            return X
        X = local(X)
        columns = getattr(self, "columns_", {})
        if y is not None and hasattr(X, "__len__") and not isinstance(X, str) and len(X) != len(y):
            raise CountsDiffer(f"{len(X)} rows but {len(y)} labels; give one a row")
        label = columns.get("label") if label is None else label
        return self.read(X, y, input=input or columns.get("input"), label=label)

    def _read_inputs(self, X: Any, input: str | None = None) -> Examples:
        """Read what is to be answered: a label that the data have, even one that the model does not know, is left
        alone."""
        return replace(self._fitted()._read(X, input=input, label=NO_LABEL), labels=None)

    def _read_whole(self, X: Any) -> Examples:
        """Read the same, of which every row can be used; raise DataError at the first that cannot."""
        return _whole(self._read_inputs(X))

    def _with_labels(self, examples: Examples, X: Any, label: str | None) -> Examples:
        """Return examples that have labels; DataError names the column that lacks, with the nearest that is there."""
        if examples.labels is None:
            if is_table(X):
                name, table = label or getattr(self, "columns_", {}).get("label"), read_table(X, stream_above=ABOVE)
                if name is None and examples.columns and self.label not in table.frame.columns:
                    there = ", ".join(map(str, table.frame.columns))
                    raise WrongColumns(
                        f"{table.name}: no column '{self.label}'; there is: {there}; name the one to read with --label"
                    )
                table.column(name or self.label)
            raise NoLabels(f"{examples.name}: there are no labels; training and measuring need one for each row")
        return examples

    def _rows(
        self,
        X: Any,
        y: Any,
        input: str | None,
        label: str | None,
        valid: Valid,
        seed: int,
    ) -> tuple[Examples, Examples | None, dict[str, str | None]]:
        """Read what to train on and what to validate on, inspected and beside each other, and the columns of both.

        `Examples` are the caller's to inspect.
        """
        if y is None:
            parts = self.parts_of(local(X))
            X = parts["train"]
            valid = parts.get("valid") if valid is None else valid
        examples = self.read_labelled(X, y, input=input, label=label)
        valid = default_share(len(examples)) if valid is None else valid
        columns = {"input": input, "label": label} | examples.columns
        share = _share(valid)
        held_out = self.read_labelled(valid, **columns) if share is None else None
        if not isinstance(X, Examples):
            self.inspect(examples, held_out)
        examples = replace(examples, groups=self.group(examples))
        return (examples, held_out, columns) if share is None else (*self.split(examples, share, seed), columns)

    def split(self, examples: Examples, share: float, seed: int) -> tuple[Examples, Examples | None]:
        """Hold out a share of the rows for validation."""
        train, held_out = hold_out(examples, share, seed, self.strata(examples))
        if share and held_out is None:
            self._say(f"{examples.name}: too few rows to hold any out; nothing is measured on validation rows")
        return train, held_out

    def _say(self, message: str) -> None:
        if self.verbose:
            Bar().say(message)

    def _watcher(self) -> Observer:
        return Bar() if self.verbose else Silent()

    def _fitted(self) -> Self:
        self._check_fitted()
        return self

    def _check_fitted(self) -> None:
        if not hasattr(self, "features_"):
            name = type(self).__name__
            raise NotFittedError(f"this {name} is not fitted; call fit, or {name}.load(path)")


def _share(valid: float | str | Path | Examples) -> float | None:
    """Return the share of the rows that `valid` asks for; None where it names rows."""
    if isinstance(valid, Examples):
        return None
    try:
        return float(str(valid))
    except ValueError:
        return None


def _whole(examples: Examples) -> Examples:
    """Return examples of which every row can be used; raise DataError at the first that cannot."""
    for row, why in examples.errors.items():
        raise BadRow(f"{examples.place(row)}: {why}")
    return examples
