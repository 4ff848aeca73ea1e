"""Texts and labels from files or lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pandas as pd

from ...core.batch import Examples
from ...core.errors import DataError
from ...core.labels import as_labels
from ...core.tables import ABOVE, Table, is_table, read_table
from .columns import find_columns, notes_on
from .folders import read_folder
from .pairs import Inputs, checked, split_names


def read(
    data: str | Path | pd.DataFrame | Sequence[Any],
    labels: Sequence[Any] | None = None,
    *,
    input: str | None = None,
    label: str | None = None,
    stream_above: int = ABOVE,
) -> Examples:
    """Read texts and, where there are some, labels: from a table (CSV, TSV, JSON, JSONL or Parquet file, a data set of
    Hugging Face, a DataFrame), a folder of text files for each class, or a list.

    A list holds texts, or pairs of texts as tuples; `input="question,answer"` reads pairs from two columns. Columns
    that nobody names are `text` and `label`, or what `find_columns` takes for them, and a note says so.

    The texts of a file of more than `stream_above` bytes stay on the disk.

    >>> read(["good", "bad"], ["pos", "neg"]).labels.tolist()
    ['pos', 'neg']
    """
    if not isinstance(data, str | Path | pd.DataFrame):
        return _from_lists(data, labels)
    if not isinstance(data, pd.DataFrame) and Path(data).is_dir() and not is_table(data):
        found = read_folder(Path(data))
        return found if labels is None else replace(found, labels=as_labels(labels))
    table = read_table(data, stream_above=stream_above)
    columns = find_columns(table, input, label, labelled=labels is None)
    texts, errors = _texts(table, columns["input"])
    return Examples(
        inputs=texts,
        labels=_labels(table, columns) if labels is None else as_labels(labels),
        name=table.name,
        place=table.place,
        errors=errors,
        notes=(*table.notes, *notes_on(table, columns, input, label)),
        columns=columns,
        encoding=table.encoding,
    )


def _labels(table: Table, columns: dict[str, str]) -> npt.NDArray[Any] | None:
    return table.label_column(columns["label"]) if "label" in columns else None


def _texts(table: Table, name: str) -> tuple[Inputs, dict[int, str]]:
    """Return the texts or pairs of a table, and what is wrong with the rows where one is empty."""
    names = split_names(name, list(map(str, table.frame.columns)))
    columns = [table.strings(part) for part in names]
    errors: dict[int, str] = {}
    for part, texts in zip(reversed(names), reversed(columns), strict=True):
        why = f"column '{part}' is empty; fill it or remove the row"
        errors |= {row: why for row, text in enumerate(texts) if not text.strip()}
    inputs: Inputs = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
    return inputs, dict(sorted(errors.items()))


def _from_lists(rows: Sequence[Any], labels: Sequence[Any] | None) -> Examples:
    texts = checked(list(rows))
    if not texts:
        raise DataError("there are no texts; give at least one")
    return Examples(inputs=texts, labels=None if labels is None else as_labels(labels), name="texts")
