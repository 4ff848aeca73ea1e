"""The image adapter: files → examples → pixels → batches."""

from .check import as_table, examine
from .config import ImageFeaturesConfig
from .decoding import resize_all
from .features import ImageFeatures
from .likeness import look_alikes
from .pictures import Pixels
from .reading import divided, expanded, read
from .source import ImageSource
from .table import ImageTable

__all__ = [
    "ImageFeatures",
    "ImageFeaturesConfig",
    "ImageSource",
    "ImageTable",
    "Pixels",
    "as_table",
    "divided",
    "examine",
    "expanded",
    "look_alikes",
    "read",
    "resize_all",
]
