"""Text models on the core encoder."""

from .classifier import TextModel
from .config import TextModelConfig
from .embedding import TextEmbedding

__all__ = ["TextEmbedding", "TextModel", "TextModelConfig"]
