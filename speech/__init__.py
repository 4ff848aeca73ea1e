"""Speech recognition: `from fourfold.speech import SpeechRecognizer`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import SpeechConfig
    from .pipeline import SpeechRecognizer
    from .synth import SynthesisConfig, synthesize

__all__ = ["SpeechConfig", "SpeechRecognizer", "SynthesisConfig", "synthesize"]


def __getattr__(name: str) -> Any:
    """Import the public names late: torch takes seconds."""
    from ..core.lazy import late

    synthetic = dict.fromkeys(("SynthesisConfig", "synthesize"), ".synth")
    return late(__name__, name, {"SpeechRecognizer": ".pipeline", "SpeechConfig": ".config"} | synthetic)
