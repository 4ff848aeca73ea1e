"""Texts and labels from files or lists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ...core.batch import Examples
from ...core.errors import DataError
from ...core.labels import as_labels
from ...core.tables import read_table


def read(
    data: str | Path | pd.DataFrame | Sequence[str],
    labels: Sequence[Any] | None = None,
    *,
    input: str = "text",
    label: str = "label",
) -> Examples:
    """Read texts and, where there are some, labels: from a CSV, TSV, JSONL or Parquet file, a DataFrame, or lists.

    >>> read(["good", "bad"], ["pos", "neg"]).labels.tolist()
    ['pos', 'neg']
    """
    if not isinstance(data, str | Path | pd.DataFrame):
        return _from_lists(data, labels)
    table = read_table(data)
    texts = table.strings(input)
    empty = {
        row: f"column '{input}' is empty; fill it or remove the row"
        for row, text in enumerate(texts)
        if not text.strip()
    }
    found = table.label_column(label) if labels is None else as_labels(labels)
    return Examples(inputs=texts, labels=found, name=table.name, place=table.place, errors=empty)


def _from_lists(texts: Sequence[str], labels: Sequence[Any] | None) -> Examples:
    texts = list(texts)
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(f"row {row}: {type(text).__name__}, not a text; give a list of strings")
    if not texts:
        raise DataError("there are no texts; give at least one")
    return Examples(inputs=texts, labels=None if labels is None else as_labels(labels), name="texts")
