"""The classical models that the Transformer must beat, or admit defeat to."""

from .baseline import CLASSICAL, ImageBaseline, ImageClassicalConfig

__all__ = ["CLASSICAL", "ImageBaseline", "ImageClassicalConfig"]
