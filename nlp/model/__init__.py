"""Text models on the core encoder."""

from .classifier import TextModel
from .config import PoolerKind, TextModelConfig
from .embedding import TextEmbedding
from .encoder import TextEncoder
from .masked import MaskedLanguageModel

__all__ = ["MaskedLanguageModel", "PoolerKind", "TextEmbedding", "TextEncoder", "TextModel", "TextModelConfig"]
