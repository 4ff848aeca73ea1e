"""The kinds of file, by their endings."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import NoRows, NoSuchFile, WrongFormat
from .decoding import ENDINGS
from .huggingface import PREFIX, read_hub, read_saved, saved_folder
from .lines import read_lines
from .objects import read_objects
from .parquet import read_parquet
from .probing import size_of
from .separated import CSV, TSV, read_separated
from .streaming import stream_lines, stream_separated
from .table import Content, Table, is_frame, refuse_repeated

if TYPE_CHECKING:
    import pandas as pd

READERS: dict[str, Callable[[Path], Content]] = {
    ".csv": functools.partial(read_separated, dialect=CSV),
    ".tsv": functools.partial(read_separated, dialect=TSV),
    ".jsonl": read_lines,
    ".json": read_objects,
    ".parquet": read_parquet,
}
STREAMS: dict[str, Callable[[Path], Content]] = {
    ".csv": functools.partial(stream_separated, dialect=CSV),
    ".tsv": functools.partial(stream_separated, dialect=TSV),
    ".jsonl": stream_lines,
}
"""The readers of files that are larger than memory."""


def read_table(data: str | Path | pd.DataFrame, *, stream_above: int | None = None) -> Table:
    """Read a table: a file by its ending, a folder that Hugging Face's `save_to_disk` wrote (`FOLDER` or
    `FOLDER:SPLIT`), `hf:NAME[:SPLIT]`, or a DataFrame.

    With `stream_above`, the texts of larger data (in bytes) stay on the disk: `Table.strings` gives `Texts` of them.
    Raises DataError, with the line where one can be named, where the file is missing, empty, binary or malformed.
    """
    if not isinstance(data, str | Path):
        return _wrapped(data)
    if saved := saved_folder(data):
        return _numbered(*read_saved(*saved, stream_above))
    if str(data).startswith(PREFIX):
        return _numbered(*read_hub(str(data), stream_above))
    path = Path(data)
    if not path.is_file():
        raise NoSuchFile(f"{path}: no such file; check the path")
    return _from_file(path, stream_above)


def is_table(data: object) -> bool:
    """Say whether `read_table` would take this: a DataFrame, a path with one of the endings, or a saved data set."""
    if isinstance(data, str | Path):
        return _ending(Path(data)) is not None or str(data).startswith(PREFIX) or saved_folder(data) is not None
    return is_frame(data)


def _ending(path: Path) -> str | None:
    name = path.name.lower().removesuffix(".gz")
    return next((ending for ending in READERS if name.endswith(ending)), None)


def _wrapped(frame: pd.DataFrame) -> Table:
    if frame.empty:
        raise NoRows("the DataFrame has no rows; give it at least one")
    refuse_repeated(list(frame.columns), "DataFrame")
    named = frame.reset_index(drop=True).rename(columns=str)
    return Table(named, "DataFrame", lambda row: f"DataFrame row {row}")


def _numbered(name: str, frame: pd.DataFrame) -> Table:
    """A table whose rows have no lines: a row's place is its number, from 1."""
    if frame.empty:
        raise NoRows(f"{name}: the data set has no rows; give one with at least one")
    return Table(frame, name, lambda row: f"{name}:{row + 1}")


def _from_file(path: Path, stream_above: int | None) -> Table:
    name, ending = path.name, _ending(path)
    if ending is None:
        raise WrongFormat(f"{name}: unknown kind of file; name it {', '.join(ENDINGS)} (or one of these with .gz)")
    large = stream_above is not None and ending in STREAMS and size_of(path) > stream_above
    content = (STREAMS if large else READERS)[ending](path)
    if content.frame.empty:
        raise NoRows(f"{name}: the file has no rows; it needs a header and at least one row")
    refuse_repeated(list(content.frame.columns), name)
    encoding = content.encoding
    notes = (f"{name}: read as {encoding}",) if encoding and not encoding.startswith("UTF-8") else ()

    def place(row: int) -> str:
        return f"{name}:{content.lines()[row]}"

    return Table(content.frame, name, place, path.parent, encoding, notes, content.keep)
