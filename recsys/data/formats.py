"""Files of click logs that have no header: Criteo's, and those of LIBSVM and libffm."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

from ...core.errors import DataError
from ...core.tables import Dialect, Scan, scan_separated

CRITEO = ("label", *(f"I{number}" for number in range(1, 14)), *(f"C{number}" for number in range(1, 27)))
"""The columns of the Criteo logs (Kaggle display advertising and the terabyte log): 13 counts and 26 hashed names."""

VALUE = " value"
"""Ends the names of the columns that hold the numbers of pairs."""

_COUNT, _HASH = re.compile(r"-?\d*"), re.compile(r"[0-9a-f]{8}|")
_PAIR = re.compile(r"(\d+:)?\d+:-?[\d.]+(e-?\d+)?")
_TABS, _SPACES = Dialect("\t", csv.QUOTE_NONE), Dialect(" ", csv.QUOTE_NONE)


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
    except DataError as error:
        raise DataError(
            f"{error} (each line of {form} must have as many pairs as the first: one value for each field)"
        ) from None


def _apart(batch: Any) -> Any:
    """Make two columns of each pair: its category, and the number behind it, of which one is idle in most fields."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = {"label": pc.replace_substring_regex(batch.column(0), r"^\+?(-?\d+)(\.0*)?$", r"\1")}
    for name, column in zip(batch.schema.names[1:], batch.columns[1:], strict=True):
        if name:
            columns[name] = pc.replace_substring_regex(column, r"^(\d+:)?(\d+):(.*)$", r"\2")
            columns[name + VALUE] = pc.replace_substring_regex(column, r"^.*:", "")
    return pa.record_batch(list(columns.values()), names=list(columns))
