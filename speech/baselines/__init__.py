"""The classical models that the Transformer must beat, or admit defeat to."""

from .baseline import SILENT, SpeechBaseline, statistics

__all__ = ["SILENT", "SpeechBaseline", "statistics"]
