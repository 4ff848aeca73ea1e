"""The image adapter: files → examples → pixels → batches."""

from .augment import AugmentConfig
from .check import as_table, examine
from .config import ImageFeaturesConfig, kept_size
from .decoding import resize_all
from .features import ImageFeatures, Moments
from .likeness import look_alikes
from .pictures import Pixels
from .reading import divided, expanded, read
from .source import ImageSource, View
from .table import ImageTable, data_uri

__all__ = [
    "AugmentConfig",
    "ImageFeatures",
    "ImageFeaturesConfig",
    "ImageSource",
    "ImageTable",
    "Moments",
    "Pixels",
    "View",
    "as_table",
    "data_uri",
    "divided",
    "examine",
    "expanded",
    "kept_size",
    "look_alikes",
    "read",
    "resize_all",
]
