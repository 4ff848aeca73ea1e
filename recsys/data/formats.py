"""Files of click logs that have no header: Criteo's, and those of LIBSVM and libffm."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...core.errors import DataError, MalformedTable
from ...core.tables import Dialect, Scan, scan_separated

CRITEO = ("label", *(f"I{number}" for number in range(1, 14)), *(f"C{number}" for number in range(1, 27)))
"""The columns of the Criteo logs (Kaggle display advertising and the terabyte log): 13 counts and 26 hashed names."""

VALUE = " value"
"""Ends the names of the columns that hold the numbers of pairs."""

_COUNT, _HASH = re.compile(r"-?\d*"), re.compile(r"[0-9a-f]{8}|")
_PAIR = re.compile(r"(\d+:)?\d+:-?[\d.]+(e-?\d+)?")
_TABS, _SPACES, _LINES = (Dialect(delimiter, csv.QUOTE_NONE) for delimiter in ("\t", " ", "\x1f"))
_MOST = 2000
"""Columns that lines of different length may have."""


def form_of(line: str) -> str | None:
    """Return "criteo", "libsvm" or "libffm" where a file that begins with this line is such a log, else None.

    >>> form_of("1 0:3:1 1:17:1"), form_of("0 3:1 17:1"), form_of("label,user,item")
    ('libffm', 'libsvm', None)
    """
    cells = line.rstrip("\r\n").split("\t")
    if len(cells) in (len(CRITEO), len(CRITEO) - 1):
        counts, hashes = cells[:-26], cells[-26:]
        return "criteo" if all(map(_COUNT.fullmatch, counts)) and all(map(_HASH.fullmatch, hashes)) else None
    first, *pairs = line.split() or [""]
    if not pairs or not re.fullmatch(r"[+-]?\d+(\.0*)?", first) or not all(map(_PAIR.fullmatch, pairs)):
        return None
    return "libffm" if all(pair.count(":") == 2 for pair in pairs) else "libsvm"


def scan_log(paths: list[Path], form: str, line: str) -> Scan:
    """Read logs of one form as one table, whose columns are named by Criteo's order or by the place of a pair."""
    if form == "criteo":
        return scan_separated(paths, _TABS, CRITEO[-len(line.split("\t")) :])
    count = line.count(" ") - 1 if line.endswith(" ") else line.count(" ")
    names = ["label", *(f"field{number}" for number in range(1, count + 1)), *([""] if line.endswith(" ") else [])]
    try:
        return scan_separated(paths, _SPACES, names, convert=_apart)
    except DataError:  # lines of different length
        return _scan_ragged(paths, form)


def _scan_ragged(paths: list[Path], form: str) -> Scan:
    """Read lines that lack some of their pairs: each field of libffm is a category and a number, each feature of LIBSVM
    a number, and empty where a line has none.

    The lines are gone through twice, first for the names alone.
    """
    found: set[int] = set()

    def look(batch: Any) -> Any:
        found.update(np.unique(_pairs(batch)[2]).tolist())
        return batch

    def spread(batch: Any) -> Any:
        return _spread(batch, sorted(found), form)

    scan_separated(paths, _LINES, ["line"], convert=look)
    if len(found) > _MOST:
        raise MalformedTable(
            f"{paths[0].name}: lines of different length, of {len(found):,} features; of more than {_MOST:,} give each "
            "line as many pairs as the first: one value for each field"
        )
    return scan_separated(paths, _LINES, ["line"], convert=spread)


def _spread(batch: Any, names: list[int], form: str) -> Any:
    """Make columns of lines: the label, and those of each name."""
    import pyarrow as pa

    labels, rows, keys, pairs = _pairs(batch)
    order = np.lexsort((rows, keys))
    begin, end = (np.searchsorted(keys[order], names, side=side) for side in ("left", "right"))
    columns = {"label": _plain(labels)}
    for name, start, stop in zip(names, begin, end, strict=True):
        of_name = order[start:stop]
        if (twice := np.flatnonzero(np.diff(rows[of_name]) == 0)).size:
            line = batch.column(0)[int(rows[of_name[twice[0]]])].as_py()
            raise MalformedTable(f"'{line[:60]}': {name} stands there twice; a line has one value for each")
        place = np.full(len(batch), -1)
        place[rows[of_name]] = of_name
        cells = pairs.take(pa.array(place, mask=place < 0))
        if form == "libffm":
            columns[f"field{name}"], columns[f"field{name}{VALUE}"] = _category(cells), _number(cells)
        else:
            columns[f"feature{name}"] = _number(cells)
    return pa.record_batch(list(columns.values()), names=list(columns))


def _pairs(batch: Any) -> tuple[Any, npt.NDArray[np.int64], npt.NDArray[np.int64], Any]:
    """Return the label of each line (N,) and, for each pair, its line, its field or else its feature, and its text."""
    import pyarrow.compute as pc

    cells = pc.utf8_split_whitespace(pc.utf8_trim_whitespace(batch.column(0)))
    rows = np.asarray(pc.list_parent_indices(cells), np.int64)
    first = np.diff(rows, prepend=-1) > 0
    pairs = cells.flatten().filter(~first)
    good = np.asarray(pc.match_substring_regex(pairs, f"^{_PAIR.pattern}$"), np.bool_)
    if not good.all():
        raise MalformedTable(
            f"'{pairs[int(np.argmin(good))].as_py()}' is no pair of two or three numbers joined by ':'"
        )
    keys = pc.cast(pc.replace_substring_regex(pairs, ":.*$", ""), "int64")
    return cells.flatten().filter(first), rows[~first], np.asarray(keys), pairs


def _apart(batch: Any) -> Any:
    """Make two columns of each pair: its category, and the number behind it, of which one is idle in most fields."""
    import pyarrow as pa

    columns = {"label": _plain(batch.column(0))}
    for name, column in zip(batch.schema.names[1:], batch.columns[1:], strict=True):
        if name:
            columns[name], columns[name + VALUE] = _category(column), _number(column)
    return pa.record_batch(list(columns.values()), names=list(columns))


def _plain(labels: Any) -> Any:
    """Write +1, 1.0 and 1 as 1."""
    import pyarrow.compute as pc

    return pc.replace_substring_regex(labels, r"^\+?(-?\d+)(\.0*)?$", r"\1")


def _category(pairs: Any) -> Any:
    import pyarrow.compute as pc

    return pc.replace_substring_regex(pairs, r"^(\d+:)?(\d+):(.*)$", r"\2")


def _number(pairs: Any) -> Any:
    import pyarrow.compute as pc

    return pc.replace_substring_regex(pairs, r"^.*:", "")
