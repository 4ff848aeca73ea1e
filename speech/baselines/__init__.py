"""The classical models that the Transformer must beat, or admit defeat to."""

from .baseline import SpeechBaseline, statistics

__all__ = ["SpeechBaseline", "statistics"]
