"""The classical models that the Transformer must beat, or admit defeat to."""

from .baseline import CLASSICAL, SpeechBaseline, SpeechClassicalConfig, statistics

__all__ = ["CLASSICAL", "SpeechBaseline", "SpeechClassicalConfig", "statistics"]
