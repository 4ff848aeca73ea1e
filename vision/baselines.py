"""The classical model that the Transformer must beat: logistic regression on thumbnails."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..core.batch import Examples
from ..core.errors import ArtifactError
from ..core.linear import LinearModel, Weights
from ..core.training import Output
from .data import ImageFeatures, ImageTable, resize_all

SIDE = 16
MOST_ROWS = 10_000
FACTS = "baseline_images.json"


class ImageBaseline:
    """Logistic regression on standardised thumbnails of at most 16 × 16 pixels.

    It is fitted on at most 10,000 rows; `name` says on how many, where there were more.
    """

    name = "logistic regression on thumbnails"

    def fit(self, examples: Examples, features: ImageFeatures, seed: int = 0, weights: Weights = None) -> ImageBaseline:
        """Fit on labelled images; the columns of `outputs` follow the classes of `features`, and `weights` say what
        each row counts."""
        count = len(examples)
        if count > MOST_ROWS:
            rows = np.random.default_rng((seed, count)).choice(count, MOST_ROWS, replace=False)
            rows.sort()
            examples, weights = examples.take(rows), None if weights is None else weights[rows]
            self.name = f"{type(self).name} (fitted on {MOST_ROWS:,} of {count:,} rows)"
        self.features_ = features
        labels = features.classes.encode(examples)
        x = _thumbnails(features.pixels(examples))
        strength = 100 / len(examples)
        self.linear_ = LinearModel.fit(x, labels, seed=seed, strength=strength, iterations=200, weights=weights)
        return self

    def outputs(self, examples: Examples) -> Output:
        """Return probabilities (N, classes)."""
        found = self.linear_.probabilities(_thumbnails(self.features_.pixels(examples)))
        out = np.zeros((len(examples), len(self.features_.classes)), np.float32)
        out[:, self.linear_.classes] = found  # a class may have no row among those fitted on
        return out

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors, what was learned of the images and the name as JSON."""
        self.linear_.save(folder)
        self.features_.save(folder)
        (folder / FACTS).write_text(json.dumps({"name": self.name}, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> ImageBaseline:
        """Read what `save` wrote; raises ArtifactError where it is missing or damaged."""
        baseline = cls()
        baseline.linear_ = LinearModel.load(folder)
        baseline.features_ = ImageFeatures.load(folder)
        try:
            baseline.name = json.loads((folder / FACTS).read_text(encoding="utf-8"))["name"]
        except (OSError, ValueError, KeyError) as error:
            message = f"{folder / FACTS}: missing or damaged ({error}); save the baseline again"
            raise ArtifactError(message) from None
        return baseline


def _thumbnails(images: ImageTable) -> npt.NDArray[np.float32]:
    """Return (N, S, S, C) as rows of at most 16 × 16 × C numbers."""
    small = resize_all(images, SIDE) if images.shape[1] > SIDE else images
    return small[:].reshape(len(small), -1).astype(np.float32)
