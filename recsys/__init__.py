"""Click-through-rate prediction: `from fourfold.recsys import ClickPredictor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import ClickConfig
    from .pipeline import ClickPredictor

__all__ = ["ClickConfig", "ClickPredictor"]


def __getattr__(name: str) -> Any:
    """Import the public names late: torch takes seconds."""
    from ..core.lazy import late

    return late(__name__, name, {"ClickPredictor": ".pipeline", "ClickConfig": ".config"})
