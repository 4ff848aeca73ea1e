"""The classical models that the Transformer must beat, or admit defeat to."""

from .baseline import NAMES, ImageBaseline

__all__ = ["NAMES", "ImageBaseline"]
