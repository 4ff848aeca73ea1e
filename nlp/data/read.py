"""Texts and labels from files or lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from ...core.batch import Examples
from ...core.errors import NoRows
from ...core.labels import as_labels
from ...core.tables import ABOVE, Table, is_frame, is_table, read_table
from .columns import find_columns, notes_on
from .folders import read_folder
from .pairs import Inputs, checked, split_names

if TYPE_CHECKING:
    import pandas as pd

_EMPTY = "the text is empty; fill it or leave the row out"


def read(
    data: str | Path | pd.DataFrame | Sequence[Any],
    labels: Sequence[Any] | None = None,
    *,
    input: str | None = None,
    label: str | None = None,
    stream_above: int = ABOVE,
    several: bool = False,
) -> Examples:
    """Read texts and, where there are some, labels: from a table (CSV, TSV, JSON, JSONL or Parquet file, a data set of
    Hugging Face, a DataFrame), a folder of text files for each class, or a list.

    A list holds texts, or pairs of texts as tuples; `input="question,answer"` reads pairs from two columns. Columns
    that nobody names are `text` and `label`, or what `find_columns` takes for them, and a note says so.

    With a `label` "" no labels are read. With `several`, a label's cell may be empty: a row may have none of several.
    The texts of a file of more than `stream_above` bytes stay on the disk.

    >>> read(["good", "bad"], ["pos", "neg"]).labels.tolist()
    ['pos', 'neg']
    """
    if not isinstance(data, str | Path) and not is_frame(data):
        return _from_lists(data, labels)
    if isinstance(data, str | Path) and Path(data).is_dir() and not is_table(data):
        found = read_folder(Path(data))
        return found if labels is None else replace(found, labels=as_labels(labels))
    table = read_table(data, stream_above=stream_above)
    columns = find_columns(table, input, label, labelled=labels is None)
    texts, errors = _texts(table, columns["input"])
    return Examples(
        inputs=texts,
        labels=_labels(table, columns, several) if labels is None else as_labels(labels),
        name=table.name,
        place=table.place,
        errors=errors,
        notes=(*table.notes, *notes_on(table, columns, input, label)),
        columns=columns,
        encoding=table.encoding,
    )


def _labels(table: Table, columns: dict[str, str], several: bool) -> npt.NDArray[Any] | None:
    return table.label_column(columns["label"], may_be_empty=several) if "label" in columns else None


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
        raise NoRows("there are no texts; give at least one")
    empty = {row: _EMPTY for row, text in enumerate(texts) if not all(map(str.strip, _sides(text)))}
    found = None if labels is None else as_labels(labels)
    return Examples(inputs=texts, labels=found, name="texts", errors=empty)


def _sides(text: Any) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else text
