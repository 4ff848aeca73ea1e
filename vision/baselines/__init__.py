"""The classical models that the Transformer must beat, or admit defeat to."""

from .baseline import ImageBaseline

__all__ = ["ImageBaseline"]
