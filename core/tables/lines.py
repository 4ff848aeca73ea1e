"""JSON lines: one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import DataError
from .decoding import read_text
from .table import Content


def read_lines(path: Path) -> Content:
    """Read JSON lines whole; DataError names the line that is no object."""
    text, encoding = read_text(path)
    numbers, rows = [], []
    for number, row in objects(path.name, text.split("\n")):
        numbers.append(number)
        rows.append(row)
    return Content(frame=pd.DataFrame(rows), lines=lambda: numbers, encoding=encoding)


def objects(name: str, lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line, object) for every line that is not blank."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.removesuffix("\n"))
        except ValueError as error:
            raise DataError(f"{name}:{number}: not JSON ({error}); write one object a line") from None
        if not isinstance(row, dict):
            raise DataError(f"{name}:{number}: not a JSON object; write one object a line")
        yield number, row
