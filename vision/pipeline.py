"""`ImageClassifier`: from images to labels."""

from __future__ import annotations

from typing import Any

from torch import nn

from ..core.batch import Examples
from ..core.classifier import Classifier
from . import data
from .baselines import ImageBaseline
from .config import PRESETS, SPACE
from .domain import DOMAIN
from .model import ViT


class ImageClassifier(Classifier):
    """Puts images into classes with a ViT trained on your data, beside logistic regression on thumbnails.

    >>> from sklearn.datasets import load_digits
    >>> digits = load_digits()
    >>> model = ImageClassifier(preset="linear").fit(digits.images[:500], digits.target[:500])
    >>> bool(model.score(digits.images[500:], digits.target[500:]) > 0.8)
    True
    """

    domain = DOMAIN.name
    input = DOMAIN.input
    label = DOMAIN.label
    presets = PRESETS
    space = SPACE
    features_type = data.ImageFeatures
    baseline_type = ImageBaseline

    def read(self, data_: Any, labels: Any = None, *, input: str | None = None, label: str | None = None) -> Examples:
        """Read images from a folder, a table of paths, files or arrays."""
        size = self.features_.size if hasattr(self, "features_") else self.resolve().features.size
        return data.read(data_, labels, input=input, label=label, size=size)

    def build_model(self) -> nn.Module:
        """Build the ViT for these images and classes."""
        return ViT(self.config_.model_for(self.features_), len(self.features_.classes))
