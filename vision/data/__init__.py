"""The image adapter: files → examples → pixels → batches."""

from .config import ImageFeaturesConfig
from .features import ImageFeatures
from .pictures import Pixels, resize_all
from .reading import read
from .source import ImageSource

__all__ = ["ImageFeatures", "ImageFeaturesConfig", "ImageSource", "Pixels", "read", "resize_all"]
