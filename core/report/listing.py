"""Named findings as aligned lines, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .text import number, visible


def listing(found: Mapping[str, Any]) -> str:
    """Return a line for each value, and one for each entry of a list or a mapping.

    >>> print(listing({"rows": 12000, "counts": {"spam": 8000, "ham": 4000}, "fatal": []}))
    rows    12,000
    counts  spam  8,000
            ham   4,000
    fatal   none
    """
    width = max(map(len, found), default=0)
    lines = []
    for name, value in found.items():
        for position, line in enumerate(_lines(value)):
            lines.append(f"{'' if position else name:<{width}}  {line}".rstrip())
    return "\n".join(lines)


def _lines(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        width = max((len(_plain(name)) for name in value), default=0)
        return [f"{_plain(name):<{width}}  {_inline(inner)}" for name, inner in value.items()] or ["none"]
    if isinstance(value, list | tuple):
        return [_inline(inner) for inner in value] or ["none"]
    return [_inline(value)]


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_plain(name)} {_inline(inner)}" for name, inner in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(_inline, value)) or "none"
    return _plain(number(value))


def _plain(value: Any) -> str:
    return " ".join(str(visible(str(value))).split())
