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
    count = len(line.split()) - 1
    names = ["label", *(f"field{number}" for number in range(1, count + 1))]
    try:
        return scan_separated(paths, _SPACES, names, convert=_Unpaired())
    except DataError as error:
        raise DataError(
            f"{error} (each line of {form} must have as many pairs as the first: one value for each field)"
        ) from None


class _Unpaired:
    """Makes a cell of each pair: the value in fields that the first block shows as one number, else the category."""

    def __init__(self) -> None:
        self.numeric: list[bool] | None = None

    def __call__(self, batch: Any) -> Any:
        import pyarrow as pa
        import pyarrow.compute as pc

        label = pc.replace_substring_regex(batch.column(0), r"^\+?(-?\d+)(\.0*)?$", r"\1")
        features = [pc.replace_substring_regex(column, r"^(\d+:)?(\d+):(.*)$", r"\2") for column in batch.columns[1:]]
        values = [pc.replace_substring_regex(column, r"^.*:", "") for column in batch.columns[1:]]
        if self.numeric is None:
            kinds = zip(features, values, strict=True)
            self.numeric = [pc.count_distinct(f).as_py() == 1 < pc.count_distinct(v).as_py() for f, v in kinds]
        cells = zip(self.numeric, features, values, strict=True)
        return pa.record_batch([label, *(v if number else f for number, f, v in cells)], names=batch.schema.names)
