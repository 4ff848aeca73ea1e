"""`ImageClassifier`: from images to labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
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
        return data.read(data_, labels, input=input, label=label, size=data.kept_size(size))

    def parts_of(self, data_: Any) -> dict[str, Any]:
        """Return the folders train, val and test of a folder or archive that is divided so."""
        return data.divided(data_) or super().parts_of(data_)

    def examine(self, examples: Examples, test: Examples | None = None) -> dict[str, Any]:
        """Add sizes, images that look alike, conflicting labels, rare classes, and what the test shares."""
        return data.examine(examples, test, super().examine(examples, test))

    @property
    def tolerance(self) -> float:
        """The share of images that may be left out because they cannot be read."""
        features = (self.config_ if hasattr(self, "config_") else self.resolve()).features
        return float(features.unreadable)

    def group(self, examples: Examples) -> npt.NDArray[np.int64] | None:
        """Keep images that look the same on one side of the split."""
        return data.look_alikes(data.as_table(examples))

    def read_inputs(self, inputs: list[str]) -> Examples:
        """Read what a person wrote: files, folders, patterns such as `pets/*.jpg`, `file://` URLs."""
        return self.read(data.expanded(inputs))

    def build_model(self) -> nn.Module:
        """Build the ViT for these images and classes."""
        return ViT(self.config_.model_for(self.features_), len(self.features_.classes))
