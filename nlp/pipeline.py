"""`TextClassifier`: from texts to labels."""

from __future__ import annotations

from typing import Any

from torch import nn

from ..core.batch import Examples
from ..core.classifier import Classifier
from . import data
from .baselines import TextBaseline
from .config import PRESETS, SPACE
from .domain import DOMAIN
from .model import TextModel


class TextClassifier(Classifier):
    """Puts texts into classes with a Transformer trained on your data, beside TF-IDF and logistic regression.

    >>> model = TextClassifier(preset="linear")
    >>> model = model.fit(["good film", "fine film", "bad film", "poor film"], ["pos", "pos", "neg", "neg"], valid=0)
    >>> model.predict(["a good one"]).tolist()
    ['pos']
    """

    domain = DOMAIN.name
    input = DOMAIN.input
    label = DOMAIN.label
    presets = PRESETS
    space = SPACE
    features_type = data.TextFeatures
    baseline_type = TextBaseline

    def read(self, data_: Any, labels: Any = None, *, input: str | None = None, label: str | None = None) -> Examples:
        """Read texts from a file, a DataFrame or a list of strings."""
        return data.read(data_, labels, input=input or "text", label=label or "label")

    def build_model(self) -> nn.Module:
        """Build the Transformer for this vocabulary and these classes."""
        return TextModel(self.config_.model, self.features_.vocab_size, len(self.features_.classes))
