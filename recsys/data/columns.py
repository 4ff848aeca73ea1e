"""Columns that say something of rows without being fields of a model: groups, times, true probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from ...core.batch import Examples
from ...core.errors import BadRow, WrongColumns
from ...core.tables import blocks_of
from .cells import NO_NUMBER, categories, coded, parse_numbers
from .vocabulary import places

TRUTH = "true_probability"
"""The column of simulated logs that holds the true probabilities."""
NO_FIELDS = frozenset({TRUTH})
_YES_OR_NO = {
    **dict.fromkeys(("0", "0.0", "false", "no", *NO_NUMBER), 0.0),
    **dict.fromkeys(("1", "1.0", "true", "yes"), 1.0),
}


class Numbering:
    """Numbers the different values of a column as they come, block by block; −1 where one is missing.

    >>> number = Numbering()
    >>> number(pd.Series(["b", None, "a"])).tolist(), number(pd.Series(["a", "c"])).tolist()
    ([0, -1, 1], [1, 2])
    """

    def __init__(self) -> None:
        self.values = pa.array([], pa.large_string())

    def __call__(self, column: pd.Series[Any]) -> npt.NDArray[np.int64]:
        """Return the number of each cell (N,)."""
        codes, names = coded(column)
        found = places(names, self.values)
        new = np.flatnonzero(found < 0)
        found[new] = len(self.values) + np.arange(len(new))
        self.values = pa.concat_arrays([self.values, names.take(pa.array(new))])
        return np.asarray(np.append(found, -1)[codes])


def numbers_of_groups(examples: Examples, column: str) -> npt.NDArray[np.int64]:
    """Return the number of each row's group (N,), −1 where it is missing."""
    numbering = Numbering()
    return np.concatenate([numbering(block[column]) for block in blocks_of(examples.inputs, [column])])


def latest(examples: Examples, column: str, share: float) -> npt.NDArray[np.bool_]:
    """Return which rows (N,) are the latest, as near to `share` of them as whole moments allow.

    Raises DataError where no row is earlier than the others, or the column holds something else than times.
    """
    parts, kinds, start = [], set(), 0
    for block in blocks_of(examples.inputs, [column]):
        found, dates = _times(examples, block[column], start)
        parts.append(found)
        kinds |= set() if np.isnan(found).all() else {dates}
        start += len(block)
    if len(kinds) > 1:
        raise _mixed(examples, column)
    times = np.concatenate(parts)
    if not kinds:
        raise WrongColumns(f"{examples.name}: column '{column}' holds no times; name another with features.time")
    first = np.nanquantile(times, 1 - share, method="higher")
    held_out = times >= first
    if held_out.all():
        held_out = times > first
    if not held_out.any():
        raise WrongColumns(f"{examples.name}: all rows are of one time ('{column}'); split them at random")
    return np.asarray(held_out)


def true_probabilities(examples: Examples) -> npt.NDArray[np.float64] | None:
    """Return the true probability of each row (N,), where simulated rows tell it."""
    if TRUTH not in examples.inputs.columns:
        return None
    return np.concatenate([parse_numbers(block[TRUTH])[0] for block in blocks_of(examples.inputs, [TRUTH])])


def conversions(examples: Examples, column: str) -> npt.NDArray[np.float32]:
    """Return which rows (N,) have a conversion, 0 or 1, by a column of such, or of true and
    false, yes and no; an empty cell is none.

    Raises DataError where the column is missing, or at the first cell that is neither.
    """
    if column not in examples.inputs.columns:
        raise WrongColumns(f"{examples.name}: no column '{column}', which the model was told conversions by")
    parts, start = [], 0
    for block in blocks_of(examples.inputs, [column]):
        codes, texts = categories(block[column])
        known = np.array([_YES_OR_NO.get(text.strip().lower(), np.nan) for text in texts] + [0.0], np.float32)
        found = known[codes]  # the last, where a cell is empty
        if np.isnan(found).any():
            row = int(np.argmax(np.isnan(found)))
            raise BadRow(
                f"{examples.place(start + row)}: '{block[column].iloc[row]}' in column '{column}' is no conversion; "
                "write 0 or 1"
            )
        parts.append(found)
        start += len(block)
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _times(examples: Examples, column: pd.Series[Any], start: int) -> tuple[npt.NDArray[np.float64], bool]:
    """Return times (N,), NaN where missing, and whether they are dates, in days; `start` numbers the first row."""
    numbers, wrong = parse_numbers(column)
    if not wrong.any():
        return numbers, pd.api.types.is_datetime64_any_dtype(column.dtype)
    texts, there = column.astype(str), wrong | ~np.isnan(numbers)
    moments = pd.to_datetime(texts.where(there), utc=True, format="mixed", errors="coerce")
    bad = there & moments.isna().to_numpy()
    if bad.any():
        row = int(np.argmax(bad & wrong if (bad & wrong).any() else bad))  # of numbers, what is none
        raise BadRow(
            f"{examples.place(start + row)}: '{texts.iloc[row]}' in column '{column.name}' is no time; mend it, or "
            "name another column with features.time"
        )
    if (there & ~wrong).any():
        raise _mixed(examples, str(column.name))
    return parse_numbers(moments)[0], True


def _mixed(examples: Examples, column: str) -> WrongColumns:
    return WrongColumns(f"{examples.name}: column '{column}' holds dates and numbers; write all as one of them")
