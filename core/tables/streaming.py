"""Tables larger than memory: read batch by batch into an Arrow file, and memory-mapped from there.

Cells, lines and messages are those of the readers that hold the whole file.
"""

from __future__ import annotations

import functools
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError, MalformedTable
from .encodings import Encoding
from .lines import objects
from .mapped import spill
from .probing import open_text, probe
from .separated import Dialect, empty, may_be_ragged
from .table import Content, refuse_many, refuse_repeated

if TYPE_CHECKING:
    import pandas as pd

ABOVE = 1 << 28
"""The bytes from which on a text file is not held in memory."""
ROWS = 20_000


def stream_separated(path: Path, dialect: Dialect) -> Content:
    """Read a CSV or TSV batch by batch."""
    encoding = probe(path)
    with open_text(path, encoding) as file:
        header = next(dialect.records(file), None)
    if header is None:
        raise empty(path.name)
    refuse_many(len(header[1] or []), path.name)
    refuse_repeated(header[1] or [], path.name)
    ragged: list[bool] = []
    frame, keep = _spill_cells(path, encoding, dialect, ragged)
    if any(ragged) and (wrong := _locate(path, encoding, dialect, strict=False)):
        raise wrong
    starts = functools.cache(lambda: row_lines(path, dialect))
    return Content(frame=frame, lines=starts, encoding=encoding.name, keep=keep)


def _spill_cells(path: Path, encoding: Encoding, dialect: Dialect, ragged: list[bool]) -> tuple[pd.DataFrame, object]:
    """Write the cells; `ragged` gets an entry for each batch."""
    import pandas as pd

    def watched(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for batch in batches:
            ragged.append(len(batch) > 0 and may_be_ragged(batch))
            yield batch.reset_index(drop=True)

    try:
        with open_text(path, encoding) as file, pd.read_csv(file, chunksize=ROWS, **dialect.pandas()) as batches:
            first = next(batches)
            return spill(list(map(str, first.columns)), watched(_chain(first, batches)))
    except pd.errors.EmptyDataError:
        raise empty(path.name) from None
    except pd.errors.ParserError as error:
        raise _locate(path, encoding, dialect, strict=True) or MalformedTable(f"{path.name}: {error}") from None


def _chain(first: pd.DataFrame, rest: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    yield first
    yield from rest


def _locate(path: Path, encoding: Encoding, dialect: Dialect, *, strict: bool) -> DataError | None:
    with open_text(path, encoding) as file:
        return dialect.locate(path.name, file, strict=strict)


def row_lines(path: Path, dialect: Dialect) -> Any:
    """Return the line of each row of a CSV or TSV: eight bytes each."""
    with open_text(path, probe(path)) as file:
        return np.fromiter((line for line, _ in dialect.records(file)), np.int64)[1:]


def stream_lines(path: Path) -> Content:
    """Read JSON lines batch by batch: columns with texts go to the file as texts, others stay in memory."""
    import pandas as pd

    encoding = probe(path)
    numbers = array("q")
    texts = _columns(path, encoding, numbers)
    names = [name for name, text in texts.items() if text]
    others: dict[str, list[Any]] = {name: [] for name, text in texts.items() if not text}

    def batches() -> Iterator[pd.DataFrame]:
        rows: list[dict[str, Any]] = []
        for row in _rows(path, encoding):
            for name, values in others.items():
                values.append(row.get(name, np.nan))
            rows.append({name: _text(row.get(name)) for name in names})
            if len(rows) == ROWS:
                yield pd.DataFrame(rows, columns=names, dtype=object)
                rows = []
        yield pd.DataFrame(rows, columns=names, dtype=object)

    frame, keep = spill(names, batches())
    for name, values in others.items():
        frame[name] = pd.DataFrame({name: values})[name] if values else []
    return Content(frame=frame[list(texts)], lines=lambda: numbers, encoding=encoding.name, keep=keep)


def _rows(path: Path, encoding: Encoding) -> Iterator[dict[str, Any]]:
    with open_text(path, encoding, newline="\n") as file:
        yield from (row for _, row in objects(path.name, file))


def _columns(path: Path, encoding: Encoding, numbers: array[int]) -> dict[str, bool]:
    """Return the columns in the order in which they come, and whether a text is in each (and no list or object)."""
    texts: dict[str, bool] = {}
    nested: set[str] = set()
    with open_text(path, encoding, newline="\n") as file:
        for number, row in objects(path.name, file):
            numbers.append(number)
            for name, value in row.items():
                texts[name] = texts.get(name, False) or isinstance(value, str)
                if isinstance(value, list | dict):
                    nested.add(name)
    return {name: text and name not in nested for name, text in texts.items()}


def _text(value: Any) -> str | None:
    return None if value is None or (isinstance(value, float) and np.isnan(value)) else str(value)
