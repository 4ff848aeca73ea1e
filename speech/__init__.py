"""Speech recognition: `from fourfold.speech import SpeechRecognizer`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import SpeechConfig
    from .pipeline import SpeechRecognizer

__all__ = ["SpeechConfig", "SpeechRecognizer"]


def __getattr__(name: str) -> Any:
    """Import the public names late: torch takes seconds."""
    from ..core.lazy import late

    return late(__name__, name, {"SpeechRecognizer": ".pipeline", "SpeechConfig": ".config"})
