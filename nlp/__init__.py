"""Text classification: `from fourfold.nlp import TextClassifier`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import TextConfig
    from .pipeline import TextClassifier

__all__ = ["TextClassifier", "TextConfig"]


def __getattr__(name: str) -> Any:
    """Import the public names late: torch takes seconds."""
    from ..core.lazy import late

    return late(__name__, name, {"TextClassifier": ".pipeline", "TextConfig": ".config"})
