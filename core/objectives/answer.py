"""One row's answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NONE_OF_THESE = "none of these"
"""The answer of a rejecting model to a row that is like none of its classes."""


@dataclass(frozen=True)
class Prediction:
    """One row's answer; `error` says why there is none."""

    label: Any = None
    probability: float | None = None
    error: str | None = None
