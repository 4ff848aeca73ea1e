"""Cells as they are read: the numbers of a column, or its different texts and which of them each cell is.

Where texts are Arrow's, Arrow does the work.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from ...core.errors import WrongColumns

Floats: TypeAlias = npt.NDArray[np.float64]
Column: TypeAlias = "pd.Series[Any]"


class Coded(NamedTuple):
    """The cells of a column: a code (N,) of each, −1 where missing or empty, and the different texts by their codes."""

    codes: npt.NDArray[np.integer[Any]]
    names: pa.LargeStringArray


NO_NUMBER = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
"""What stands for a missing number in text, in lower case."""

_FIRST = 100
"""Cells that are tried before all others."""


def parse_numbers(column: Column) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return the numbers (N,) of a column, NaN where missing, and a mask of the cells that are neither.

    Times count in days; what is infinite is no number.

    >>> numbers, wrong = parse_numbers(pd.Series(["1.5", "", "?", "2e3", "many"]))
    >>> numbers.tolist(), wrong.tolist()
    ([1.5, nan, nan, 2000.0, nan], [False, False, False, False, True])
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        moments = pd.to_datetime(column, utc=True).dt.tz_localize(None).to_numpy()
        days = (moments - np.datetime64(0, "D")) / np.timedelta64(1, "D")  # NumPy keeps the unit, so years to 9999 fit
        return days.astype(np.float64), np.zeros(len(column), np.bool_)
    if pd.api.types.is_numeric_dtype(column.dtype):
        numbers = column.to_numpy(np.float64, na_value=np.nan)
        return np.where(np.isinf(numbers), np.nan, numbers), np.isinf(numbers)
    if (quick := _parsed_by_arrow(column)) is not None:
        return quick, np.zeros(len(column), np.bool_)
    codes, names = coded(column)
    numbers, wrong = _parsed(names)
    return np.append(numbers, np.nan)[codes], np.append(wrong, False)[codes]


def _parsed(names: pa.LargeStringArray) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return the numbers of different texts and which are wrong; pandas sees those alone that may be finite numbers."""
    import pyarrow.compute as pc

    stripped = pc.utf8_trim_whitespace(names)
    maybe = pc.match_substring_regex(stripped, r"^[-+.0-9eE]+$")
    numbers = np.full(len(names), np.nan)
    texts = pd.Series(stripped.filter(maybe).to_pylist(), dtype=object)
    numbers[maybe.to_numpy(zero_copy_only=False)] = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64)
    numbers[np.isinf(numbers)] = np.nan
    none = pc.is_in(pc.utf8_lower(stripped), pa.array(sorted(NO_NUMBER), stripped.type))
    return numbers, np.isnan(numbers) & ~none.to_numpy(zero_copy_only=False)


def _parsed_by_arrow(column: Column) -> Floats | None:
    """Return the numbers of a column of Arrow's texts, some twenty times as fast; None where one is no plain number."""
    import pyarrow.compute as pc

    if not _is_arrow(column):
        return None
    texts = pa.array(column)
    try:
        for cells in (texts[:_FIRST], texts):  # names fail on the first cells, which costs nothing
            numbers = pc.cast(pc.if_else(pc.equal(cells, ""), None, cells), pa.float64())
    except pa.ArrowInvalid:
        return None
    found = np.asarray(numbers.to_numpy(zero_copy_only=False), np.float64)
    strange = np.isinf(found).any() or int(np.isnan(found).sum()) > numbers.null_count  # "-nan" is no number
    return None if strange else found


def _is_arrow(column: Column) -> bool:
    """Say whether a column holds Arrow's texts: by its own type, or as pandas keeps texts where Arrow is installed."""
    if isinstance(column.dtype, pd.ArrowDtype):
        kind = column.dtype.pyarrow_dtype
        return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
    return isinstance(column.dtype, pd.StringDtype) and column.dtype.storage == "pyarrow"


def categories(column: Column) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.object_]]:
    """Return a code (N,) of every cell, −1 where missing or empty, and the text of each code.

    Whole numbers look the same from every kind of column: 7, 7.0 and "7" are "7". Raises DataError where cells hold
    lists or objects.
    """
    try:
        codes, values = pd.factorize(column)
    except TypeError:
        raise WrongColumns(
            f"column '{column.name}' holds lists or objects; name it in features.several, or give it text or numbers"
        ) from None
    texts = np.array([_text(value) for value in values], dtype=object)
    texts, numbers = _once(texts)
    codes = np.append(numbers, -1)[codes]
    empty = np.append(texts == "", True)
    return np.where(empty[codes], -1, codes), texts


def coded(column: Column | Coded) -> Coded:
    """Return the same with the texts as Arrow's; where the column is Arrow's too, some ten times as fast."""
    if isinstance(column, Coded):
        return column
    if _is_arrow(column):
        texts = pa.array(column)
        parts = (texts if isinstance(texts, pa.ChunkedArray) else pa.chunked_array([texts])).dictionary_encode().chunks
        codes = np.concatenate([_codes(part) for part in parts] or [np.zeros(0, np.int64)])
        # All parts have one dictionary, the whole of it the last alone.
        names = parts[-1].dictionary.cast(pa.large_string()) if parts else pa.array([], pa.large_string())
        return _without_empty(codes, names)
    codes, texts = categories(column)
    return Coded(codes, pa.array(texts, pa.large_string()))


def _codes(part: pa.DictionaryArray) -> npt.NDArray[np.int64]:
    return np.asarray(part.indices.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)


def _without_empty(codes: npt.NDArray[np.int64], names: pa.LargeStringArray) -> Coded:
    """Make the empty text, if there is one, a missing cell: one look at the names instead of one at each cell."""
    import pyarrow.compute as pc

    empty = pc.index(names, pa.scalar("", names.type)).as_py()
    if empty < 0:
        return Coded(codes, names)
    others = pa.concat_arrays([names[:empty], names[empty + 1 :]])
    return Coded(np.where(codes == empty, -1, codes - (codes > empty)), others)


def named(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose columns are called by texts."""
    return table if all(isinstance(name, str) for name in table.columns) else table.rename(columns=str)


def _text(value: Any) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _once(texts: npt.NDArray[np.object_]) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int64]]:
    """Return the different texts, in the order in which they come, and the number of each: 7 and "7" are one."""
    numbers, names = pd.factorize(texts)
    return np.asarray(names, object), numbers
