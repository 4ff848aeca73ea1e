"""Images as a source of normalised batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from ...core.batch import Batch, Draw, Rows
from .augment import NUMBERS, shift_and_flip
from .table import ImageTable

if TYPE_CHECKING:
    from .features import ImageFeatures

# Shapes: N images, B batch, S side, C channels.


class ImageSource:
    """A table of uint8 (N, S, S, C); `batch` gathers, changes (given a draw) and normalises them."""

    lengths: npt.NDArray[np.int64] | None = None

    def __init__(self, images: ImageTable, labels: npt.NDArray[Any], features: ImageFeatures, training: bool) -> None:
        self.images, self.labels, self.features, self.training = images, labels, features, training

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        """Return `image` (B, C, S, S), of mean 0 and variance 1 over the training set, and `label` as encoded."""
        images = self.images[rows]
        if draw is not None and self.training:
            reach = round(self.features.config.shift * self.features.size)
            images = shift_and_flip(images, draw.uniform(rows, NUMBERS), reach, self.features.flip)
        label = torch.from_numpy(self.labels[rows])
        return Batch({"image": self.features.normalise(images), "label": label})
