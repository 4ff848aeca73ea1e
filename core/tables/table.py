"""A table and the places of its rows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import numpy.typing as npt

from ..errors import BadRow, TooLarge, WrongColumns, did_you_mean
from .mapped import arrow_column
from .sets import is_several, label_sets
from .texts import BLOCK, Texts

if TYPE_CHECKING:
    import pandas as pd

Lines = Callable[[], Sequence[int]]
"""Gives the line where each row starts; called when a row is named."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a reader returns of a file: its rows, the line of each, the encoding of a text, and what to keep alive."""

    frame: pd.DataFrame
    lines: Lines
    encoding: str | None = None
    keep: object = None


@dataclass(frozen=True)
class Table:
    """A DataFrame with the name of its file; `place(i)` names row i as an editor would (`train.csv:3`).

    `encoding` is None where there is no text file; `notes` say what a person should know of the reading; `keep` owns
    the file of columns that are not in memory.
    """

    frame: pd.DataFrame
    name: str
    place: Callable[[int], str] = field(repr=False)
    folder: Path = field(default=Path(), repr=False)
    encoding: str | None = None
    notes: tuple[str, ...] = ()
    keep: object = field(default=None, repr=False)

    def column(self, name: str) -> pd.Series[Any]:
        """Return a column; raise DataError with the nearest name where there is none."""
        if name not in self.frame.columns:
            raise WrongColumns(f"{self.name}: no column '{name}'{did_you_mean(name, map(str, self.frame.columns))}")
        return self.frame[name]

    def strings(self, name: str) -> Sequence[str]:
        """Return a column as strings, empty where a value is missing: a list, or `Texts` on the disk."""
        values = self.column(name)
        if (column := arrow_column(values)) is not None:
            return Texts(column, self.keep)
        return ["" if missing else str(value) for value, missing in zip(values, values.isna(), strict=True)]

    def label_column(self, name: str, *, may_be_empty: bool = False) -> npt.NDArray[Any] | None:
        """Return a column of labels, or None where there is no such column or nothing in it.

        A column of lists gives tuples of strings. Raises DataError at the first empty label among others, unless they
        `may_be_empty`: rows of no label among rows of several.
        """
        if name in self.frame.columns and self.frame[name].dtype == object and any(map(is_several, self.frame[name])):
            return label_sets(self.frame[name], self.place)
        if name not in self.frame.columns or not any(map(str.strip, self.strings(name))):
            return None
        import pandas as pd

        texts = self.strings(name) if may_be_empty else self.text_column(name)
        numbers = pd.api.types.is_numeric_dtype(self.frame[name].dtype)
        if numbers:
            values: npt.NDArray[Any] = self.frame[name].to_numpy()
            return values
        parts = [np.array(list(texts[start : start + BLOCK])) for start in range(0, len(texts), BLOCK)]
        return np.concatenate(parts)

    def text_column(self, name: str) -> Sequence[str]:
        """Return a column as strings; raise DataError at the first empty row."""
        texts = self.strings(name)
        for row, text in enumerate(texts):
            if not text.strip():
                raise BadRow(f"{self.place(row)}: column '{name}' is empty; fill it or remove the row")
        return texts


def is_frame(data: object) -> TypeGuard[pd.DataFrame]:
    """Say whether this is a DataFrame. Who has one has imported pandas; else it need not be, which takes a while."""
    return isinstance(data, getattr(sys.modules.get("pandas"), "DataFrame", ()))


_MOST_COLUMNS = 100_000
"""A table of more is none: its readers take kilobytes and a moment for each."""


def refuse_many(columns: int, name: str) -> None:
    """Raise DataError where a table has more columns than any has."""
    if columns > _MOST_COLUMNS:
        raise TooLarge(f"{name}: more than {_MOST_COLUMNS:,} columns; give rows, not columns, for what are many")


def refuse_repeated(columns: Sequence[object], name: str) -> None:
    """Raise DataError where two columns have one name."""
    import pandas as pd

    names = pd.Index(map(str, columns))
    if names.has_duplicates:
        raise WrongColumns(f"{name}: two columns are named '{names[names.duplicated()][0]}'; rename one")
