"""JSON lines: one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..errors import TooLarge, WrongEncoding, WrongFormat
from .decoding import read_text
from .table import Content

TOO_DEEP = "JSON nested too deeply to be read; write one flat object a row"


HALF = "half a character (a lone surrogate, \\ud800 to \\udfff); write the file again, as UTF-8"


def is_half(text: str, values: Any) -> bool:
    """Say whether what JSON text holds has halves of characters, which no text can be written with."""
    if "\\ud" not in text and "\\uD" not in text:
        return False
    try:
        json.dumps(values, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def read_lines(path: Path) -> Content:
    """Read JSON lines whole; DataError names the line that is no object."""
    import pandas as pd

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
            raise WrongFormat(f"{name}:{number}: not JSON ({error}); write one object a line") from None
        except RecursionError:
            raise TooLarge(f"{name}:{number}: {TOO_DEEP}") from None
        if not isinstance(row, dict):
            raise WrongFormat(f"{name}:{number}: not a JSON object; write one object a line")
        if is_half(line, row):
            raise WrongEncoding(f"{name}:{number}: {HALF}")
        yield number, row
