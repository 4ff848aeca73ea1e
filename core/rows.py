"""Answers written as rows: CSV that no spreadsheet runs, JSON lines, JSON."""

from __future__ import annotations

import csv
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .labels import SEPARATOR
from .report import plain_json, visible

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_rows(rows: Iterator[dict[str, Any]], columns: list[str], out: Path | None, *, as_json: bool) -> None:
    """Write rows as they come: as JSON, JSON lines or CSV."""
    first = list(itertools.islice(rows, 1))  # what cannot be read is found before a file is written over
    rows = itertools.chain(first, rows)
    if as_json:
        print(plain_json(list(rows)))
        return
    with out.open("w", newline="", encoding="utf-8") if out else _Stdout() as target:
        if out and out.suffix == ".jsonl":
            target.writelines(plain_json(row) + "\n" for row in rows)
            return
        writer, shown = csv.writer(target), not out and sys.stdout.isatty()
        writer.writerow([cell(name, shown=shown) for name in columns])
        writer.writerows([cell(row[name], shown=shown) for name in columns] for row in rows)


def cell(value: Any, *, shown: bool = False) -> Any:
    """Return a value as a cell: nothing for None, several labels joined, no text that a spreadsheet would run.

    As OWASP advises ("CSV injection"), an apostrophe goes before a text that begins like a formula and is no number;
    where the cell is `shown` on a terminal, control characters are written out.
    """
    if value is None:
        return ""
    text = SEPARATOR.join(value) if isinstance(value, tuple) else value
    if not isinstance(text, str):
        return text
    if shown:
        text = str(visible(text))
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class _Stdout:
    """Standard output as a context that stays open."""

    def __enter__(self) -> Any:
        return sys.stdout

    def __exit__(self, *error: object) -> None:
        sys.stdout.flush()
