"""JSON files: a list of objects, or such a list under the key `data`; or JSON lines."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path

from ..errors import TooLarge, WrongEncoding, WrongFormat
from .decoding import read_text
from .lines import HALF, TOO_DEEP, is_half, read_lines
from .table import Content

_DECODER = json.JSONDecoder()
_SPACE = " \t\r\n"


def read_objects(path: Path) -> Content:
    """Read a JSON file whole; a row's line is where its object starts."""
    import pandas as pd

    text, encoding = read_text(path)
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        if _is_lines(text):
            return read_lines(path)
        what = f"{error.msg}, column {error.colno}"
        raise WrongFormat(
            f"{path.name}:{error.lineno}: not JSON ({what}); mend it, or write one object a line"
        ) from None
    except RecursionError:
        raise TooLarge(f"{path.name}: {TOO_DEEP}") from None
    except ValueError as error:  # a number of thousands of digits
        raise WrongFormat(f"{path.name}: not JSON ({str(error).split(';', maxsplit=1)[0]}); mend it") from None
    rows = whole.get("data") if isinstance(whole, dict) else whole
    if not isinstance(rows, list):
        raise WrongFormat(
            f'{path.name}: no list of objects; write [{{"text": …}}, …] or {{"data": [{{"text": …}}, …]}}'
        )
    lines = functools.cache(lambda: list(_lines(text, _start(text, isinstance(whole, dict)))))
    if is_half(text, rows):
        raise WrongEncoding(f"{path.name}: {HALF}")
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise WrongFormat(f"{path.name}:{lines()[number]}: not a JSON object; make each row an object")
    return Content(frame=pd.DataFrame(rows), lines=lines, encoding=encoding)


def _is_lines(text: str) -> bool:
    """Say whether the first line is an object by itself: JSON lines may be called .json, as NeMo's manifests are."""
    try:
        return isinstance(json.loads(text.lstrip().split("\n", 1)[0]), dict)
    except (ValueError, RecursionError):
        return False


def _start(text: str, inside: bool) -> int:
    """Return where the first row starts: after the bracket of the list, or of the last list under `data`."""
    position, found = _skip(text, 0) + 1, 0
    while inside and text[position := _skip(text, position)] != "}":
        key, position = _DECODER.raw_decode(text, position)
        position = _skip(text, text.index(":", position) + 1)
        found = position + 1 if key == "data" else found
        _, position = _DECODER.raw_decode(text, position)
    return found if inside else position


def _lines(text: str, position: int) -> Iterator[int]:
    """Yield the line of each value of a list."""
    line, counted = 1, 0
    while text[position := _skip(text, position)] != "]":
        line, counted = line + text.count("\n", counted, position), position
        yield line
        _, position = _DECODER.raw_decode(text, position)


def _skip(text: str, position: int) -> int:
    """Pass over space and commas."""
    while text[position] in _SPACE or text[position] == ",":
        position += 1
    return position
