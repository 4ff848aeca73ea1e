"""Images as a source of normalised batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from ...core.batch import Batch, Draw, Rows
from .augment import NUMBERS, shift_and_flip
from .pictures import Pixels

if TYPE_CHECKING:
    from .features import ImageFeatures

# Shapes: N images, B batch, S side, C channels.


class ImageSource:
    """All images as uint8 (N, S, S, C); `batch` gathers, changes (given a draw) and normalises them."""

    lengths: npt.NDArray[np.int64] | None = None

    def __init__(self, images: Pixels, labels: npt.NDArray[np.int64], features: ImageFeatures, training: bool) -> None:
        self.images, self.labels, self.features, self.training = images, labels, features, training

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        """Return `image` (B, C, S, S), of mean 0 and variance 1 over the training set, and `label` (B,)."""
        images = self.images[rows]
        if draw is not None and self.training:
            reach = round(self.features.config.shift * self.features.size)
            images = shift_and_flip(images, draw.uniform(rows, NUMBERS), reach, self.features.flip)
        label = torch.from_numpy(self.labels[rows])
        return Batch({"image": self.features.normalise(images), "label": label})
