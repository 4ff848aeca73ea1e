"""The kinds of file, by their endings."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from ..errors import DataError
from .decoding import ENDINGS
from .lines import read_lines
from .parquet import read_parquet
from .separated import CSV, TSV, read_separated
from .table import Content, Table, refuse_repeated

READERS: dict[str, Callable[[Path], Content]] = {
    ".csv": functools.partial(read_separated, dialect=CSV),
    ".tsv": functools.partial(read_separated, dialect=TSV),
    ".jsonl": read_lines,
    ".parquet": read_parquet,
}


def read_table(data: str | Path | pd.DataFrame) -> Table:
    """Read a table from a file by its ending, or wrap a DataFrame.

    Raises DataError, with the line where one can be named, where the file is missing, empty, binary or malformed.
    """
    if isinstance(data, pd.DataFrame):
        if data.empty:
            raise DataError("the DataFrame has no rows; give it at least one")
        refuse_repeated(list(data.columns), "DataFrame")
        return Table(data.reset_index(drop=True), "DataFrame", lambda row: f"DataFrame row {row}")
    path = Path(data)
    name = path.name
    if not path.is_file():
        raise DataError(f"{path}: no such file; check the path")
    endings = [ending for ending in READERS if name.lower().removesuffix(".gz").endswith(ending)]
    if not endings:
        raise DataError(f"{name}: unknown kind of file; name it {', '.join(ENDINGS)} (or one of these with .gz)")
    content = READERS[endings[0]](path)
    if content.frame.empty:
        raise DataError(f"{name}: the file has no rows; it needs a header and at least one row")

    def place(row: int) -> str:
        return f"{name}:{content.lines()[row]}"

    refuse_repeated(list(content.frame.columns), name)
    return Table(content.frame, name, place, path.parent)


def is_table(data: object) -> bool:
    """Say whether `read_table` would take this: a DataFrame, or a path with one of the endings."""
    if isinstance(data, str | Path):
        return any(Path(data).name.lower().removesuffix(".gz").endswith(ending) for ending in READERS)
    return isinstance(data, pd.DataFrame)
