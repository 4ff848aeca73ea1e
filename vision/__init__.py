"""Image classification: `from fourfold.vision import ImageClassifier`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import ImageConfig
    from .pipeline import ImageClassifier

__all__ = ["ImageClassifier", "ImageConfig"]


def __getattr__(name: str) -> Any:
    """Import the public names late: torch takes seconds."""
    from ..core.lazy import late

    return late(__name__, name, {"ImageClassifier": ".pipeline", "ImageConfig": ".config"})
