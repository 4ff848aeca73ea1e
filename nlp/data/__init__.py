"""The text adapter: files → examples → token ids → batches."""

from .cache import TokenTable, encode_texts
from .check import examine
from .config import TextFeaturesConfig
from .features import TextFeatures
from .kin import kin
from .pairs import joined
from .read import read
from .source import TextSource
from .tokenizers import CLS, MASK, PAD, SEP, SPECIAL, UNKNOWN

__all__ = [
    "CLS",
    "MASK",
    "PAD",
    "SEP",
    "SPECIAL",
    "UNKNOWN",
    "TextFeatures",
    "TextFeaturesConfig",
    "TextSource",
    "TokenTable",
    "encode_texts",
    "examine",
    "joined",
    "kin",
    "read",
]
