"""Inputs that are texts, or pairs of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.errors import BadRow

Pair = tuple[str, str]
Inputs = Sequence[str] | Sequence[Pair]
SEPARATOR = " ‖ "
"""What stands between the two texts of a pair where a model takes one text."""


def are_pairs(inputs: Inputs) -> bool:
    """Say whether the rows are pairs; all are, or none."""
    return len(inputs) > 0 and isinstance(inputs[0], tuple)


def joined(inputs: Inputs) -> Sequence[str]:
    """Return one text for each row.

    >>> joined([("who wrote it?", "she did")])
    ['who wrote it? ‖ she did']
    """
    return [SEPARATOR.join(pair) for pair in inputs] if are_pairs(inputs) else inputs  # type: ignore[return-value]


def sides(inputs: Inputs) -> Sequence[str]:
    """Return all texts: those of pairs one after the other.

    >>> sides([("a", "b"), ("c", "d")])
    ['a', 'b', 'c', 'd']
    """
    return [text for pair in inputs for text in pair] if are_pairs(inputs) else inputs  # type: ignore[return-value]


def split_names(name: str, columns: Sequence[str]) -> list[str]:
    """Return the two columns that `name` joins by a comma, or the one that it is.

    >>> split_names("question,answer", ["question", "answer"]), split_names("a,b", ["a,b"])
    (['question', 'answer'], ['a,b'])
    """
    parts = [part.strip() for part in name.split(",")]
    return [name] if name in columns or len(parts) != 2 or not all(parts) else parts


def checked(rows: Sequence[Any]) -> list[Any]:
    """Return a list of texts, or of pairs as tuples; raise DataError at the first row that is neither.

    >>> checked([["a", "b"], ("c", "d")])
    [('a', 'b'), ('c', 'd')]
    """
    paired = len(rows) > 0 and isinstance(rows[0], tuple | list)
    for row, value in enumerate(rows):
        if paired and not (isinstance(value, tuple | list) and [type(side) for side in value] == [str, str]):
            raise BadRow(f"row {row}: not a pair of texts; give each row as (a, b), two strings")
        if not paired and not isinstance(value, str):
            raise BadRow(f"row {row}: {type(value).__name__}, not a text; give a list of strings")
    return [tuple(value) for value in rows] if paired else list(rows)
