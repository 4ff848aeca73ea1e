"""Images as a source of normalised batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from ...core.batch import Batch, Draw, Rows
from .augment import changed, draw_mixes, mixed_images, mixed_labels
from .augment.mixing import NUMBERS
from .pictures import Pixels
from .table import ImageTable

if TYPE_CHECKING:
    from .features import ImageFeatures

# Shapes: N images, B batch, S side, C channels, K classes.

_MIXING = 100
"""The stream of random numbers that mixtures are drawn from."""


class View(NamedTuple):
    """How images are looked at: mirrored left to right or not, and from so many pixels further down and right."""

    mirror: bool = False
    shift: int = 0

    def of(self, images_BSSC: Pixels) -> Pixels:
        """Return the images as seen so, reflected at their edges.

        >>> View(shift=1).of(np.arange(9, dtype=np.uint8).reshape(1, 3, 3, 1))[0, :, :, 0].tolist()
        [[4, 5, 4], [7, 8, 7], [4, 5, 4]]
        """
        if self.shift:
            most, side = abs(self.shift), images_BSSC.shape[1]
            places = np.pad(np.arange(side), most, mode="reflect")[most + self.shift :][:side]
            images_BSSC = images_BSSC[:, places][:, :, places]
        return images_BSSC[:, :, ::-1] if self.mirror else images_BSSC


class ImageSource:
    """A table of uint8 (N, S, S, C); `batch` gathers, changes (given a draw) and normalises them."""

    lengths: npt.NDArray[np.int64] | None = None

    def __init__(self, images: ImageTable, labels: npt.NDArray[Any], features: ImageFeatures, training: bool) -> None:
        self.images, self.labels, self.features, self.training = images, labels, features, training
        self.view = View()

    def seen(self, view: View) -> ImageSource:
        """Return the same images, looked at in another way."""
        found = ImageSource(self.images, self.labels, self.features, training=False)
        found.view = view
        return found

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        """Return `image` (B, C, S, S), of mean 0 and variance 1 over the training set, and `label` as encoded.

        Where images are mixed, labels are the shares of the classes (B, K).
        """
        if draw is None or not self.training:
            return self._batch(self.view.of(self.middle(self.images[rows])), self.labels[rows])
        config = self.features.config.augment
        if not (config.mixup or config.cutmix):
            return self._batch(self._changed(rows, draw), self.labels[rows])
        side = config.size_at(draw.progress, self.features.size)
        mix = draw_mixes(draw.uniform(rows, NUMBERS, _MIXING), len(self), side, config)
        images = mixed_images(self._changed(rows, draw), self._changed(mix.partners, draw), mix)
        batch = self._batch(images, mixed_labels(self._shares(rows), self._shares(mix.partners), mix))
        mixed = {"partner": torch.from_numpy(mix.partners), "share": torch.from_numpy(mix.shares)}
        return Batch(batch.tensors | mixed)

    def _batch(self, images: Pixels, labels: npt.NDArray[Any]) -> Batch:
        return Batch({"image": self.features.normalise(images), "label": torch.from_numpy(labels)})

    def _changed(self, rows: Rows, draw: Draw) -> Pixels:
        features, config = self.features, self.features.config.augment
        side = config.size_at(draw.progress, features.size)
        return changed(self.images[rows], rows, draw, side, config, features.flip)

    def middle(self, images: Pixels) -> Pixels:
        """Return the middle of images that are kept larger, to be cropped in training."""
        start = (images.shape[1] - self.features.size) // 2
        end = start + self.features.size
        return images if start == 0 else images[:, start:end, start:end]

    def _shares(self, rows: Rows) -> npt.NDArray[np.float32]:
        """Return the labels as shares of classes: 1 for the one of a row, else as they are."""
        labels = self.labels[rows]
        if labels.dtype.kind != "i":
            return labels.astype(np.float32)
        shares = np.zeros((len(rows), len(self.features.classes)), np.float32)
        known = labels >= 0
        shares[known, labels[known]] = 1
        return shares
