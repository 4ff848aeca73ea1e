"""The rows that went wrong the most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..batch import Examples
from ..report import Mistake

_MOST = 20


def worst(
    examples: Examples,
    badness: npt.NDArray[Any],
    *,
    truth: Callable[[int], str],
    said: Callable[[int], str],
    score: Callable[[int], float],
) -> tuple[Mistake, ...]:
    """Return the rows of the highest `badness`, the worst first; a row below 0 is none."""
    order = np.argsort(-badness, kind="stable")[:_MOST]
    rows = order[badness[order] >= 0].tolist()
    few = getattr(examples.inputs, "masked", False)  # a table on the disk: read these rows at once
    inputs = examples.inputs.frame(rows) if few else examples.inputs
    return tuple(
        Mistake(
            place=examples.place(row),
            truth=truth(row),
            prediction=said(row),
            score=score(row),
            shown=shown_input(inputs, number if few else row),
            image=_image(inputs, row),
        )
        for number, row in enumerate(rows)
    )


def _image(inputs: Any, row: int) -> str:
    """Return a picture of a row as a `data:` URI, where its inputs can draw one."""
    draw: Callable[[int], str] | None = getattr(inputs, "data_uri", None)
    return draw(row) if draw else ""


def shown_input(inputs: Any, row: int) -> str:
    """Return a row as text: the text itself, both texts of a pair, a table's row as name=value pairs, else nothing."""
    if hasattr(inputs, "iloc"):
        return ", ".join(f"{name}={value}" for name, value in inputs.iloc[row].items())
    value = inputs[row]
    if isinstance(value, tuple) and all(isinstance(part, str) for part in value):
        return " | ".join(value)
    return value if isinstance(value, str) else ""
