"""What is learned from training images, and the way from images to a source of batches."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...core.batch import Examples
from ...core.config import from_dict
from ...core.errors import BadRow, Damaged, NoSuchModel
from ...core.labels import Labels, fit_labels, load_labels, save_labels
from .config import ImageFeaturesConfig, kept_size
from .decoding import resize_all
from .pictures import Pixels, round_side
from .reading import to_uint8, white_level
from .source import ImageSource
from .table import ImageTable

# Shapes: N images, B batch, S side, C channels.

Moments = tuple[tuple[float, ...], tuple[float, ...]]
"""Mean and deviation of each channel."""

FILE = "images.json"
_MOMENT_PIXELS, _MOMENT_ROWS_AT_LEAST = 10_000 * 32 * 32, 500
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as Pillow's


@dataclass(frozen=True)
class ImageFeatures:
    """What was learned from a training set: labels, side, channels, each channel's moments, what is white.

    `white` is the value of white in arrays other than uint8, and 0 where the training set was uint8. The
    moments are those of pixels in [0, 1].
    """

    config: ImageFeaturesConfig
    classes: Labels
    size: int
    channels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    white: float
    flip: bool

    @classmethod
    def fit(
        cls, examples: Examples, config: ImageFeaturesConfig | None = None, moments: Moments | None = None
    ) -> ImageFeatures:
        """Learn from labelled images; raise DataError at the first that could not be read.

        Of a pretrained model the `moments` are known, and with them the channels.
        """
        config = config or ImageFeaturesConfig()
        _refuse_unread(examples)
        inputs = examples.inputs
        size = config.size or round_side(min(inputs.shape[1:3]))
        channels = int(inputs.shape[-1]) if moments is None else len(moments[0])
        white = 0.0 if inputs.dtype == np.uint8 else white_level(inputs, examples.name)
        rows = max(_MOMENT_ROWS_AT_LEAST, _MOMENT_PIXELS // size**2)
        some = to_uint8(inputs[:: -(-len(inputs) // rows)], white)
        mean, std = moments or _moments(resize_all(ImageTable.of(some), size))
        return cls(
            config=config,
            classes=fit_labels(examples, config.target),
            size=size,
            channels=channels,
            mean=mean,
            std=std,
            white=white,
            flip=config.augment.flip == "on" or (config.augment.flip == "auto" and channels == 3),
        )

    def pixels(self, examples: Examples) -> ImageTable:
        """Return the images as uint8 (N, S, S, C) of the side and channels that were learned."""
        _refuse_unread(examples)
        inputs = examples.inputs
        if not isinstance(inputs, ImageTable):
            inputs = ImageTable.of(to_uint8(inputs, self.white or white_level(inputs, examples.name)))
        images = resize_all(inputs, kept_size(self.size))
        if images.shape[-1] == self.channels:
            return images
        if self.channels == 3:
            return images.coloured()
        grey = [(block @ _LUMA).round().astype(np.uint8)[..., None] for block in images.blocks()]
        return ImageTable.of(np.concatenate(grey), images.sizes)

    def source(self, examples: Examples, training: bool = False) -> ImageSource:
        """Return the examples as a source; with `training` it changes images where it is given a draw."""
        return ImageSource(self.pixels(examples), self.classes.encode(examples), self, training)

    def normalise(self, images_BSSC: Pixels) -> Tensor:
        """Return uint8 (B, S, S, C) as floats (B, C, S, S)."""
        mean, std = (torch.tensor(moments)[:, None, None] for moments in (self.mean, self.std))
        image_BCSS = torch.from_numpy(np.ascontiguousarray(images_BSSC)).permute(0, 3, 1, 2).contiguous()
        return image_BCSS.float().mul_(1 / (255 * std)).sub_(mean / std)

    def save(self, folder: Path) -> None:
        """Write `images.json` and `classes.json`."""
        learned = asdict(self)
        del learned["classes"]
        (folder / FILE).write_text(json.dumps(learned, ensure_ascii=False, indent=1), encoding="utf-8")
        save_labels(folder, self.classes)

    @classmethod
    def load(cls, folder: Path, config: ImageFeaturesConfig | None = None) -> ImageFeatures:
        """Read what `save` wrote; raises ArtifactError where it is missing or damaged."""
        path = folder / FILE
        try:
            kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            moments = {name: tuple(map(float, kept[name])) for name in ("mean", "std")}
            with np.errstate(over="raise"):
                np.asarray(list(moments.values()), np.float32)  # as many of both, and of a size that pixels can have
            known = config or from_dict(ImageFeaturesConfig, kept["config"])
            return cls(**kept | moments | {"classes": load_labels(folder), "config": known})
        except FileNotFoundError as error:
            missing = error.filename or path
            raise NoSuchModel(f"{missing}: no such file; copy the folder again or train anew") from None
        except (ArithmeticError, ValueError, KeyError, TypeError) as error:
            message = f"{path}: damaged ({error}); copy the folder again or train anew"
            raise Damaged(message) from None


def _moments(images: ImageTable) -> Moments:
    """Return mean and deviation of each channel, of pixels in [0, 1]."""
    sums = np.zeros((2, images.shape[-1]))
    for block in images.blocks(256):
        pixels = block.reshape(-1, images.shape[-1]) / np.float32(255)
        sums += pixels.sum(axis=0, dtype=np.float64), np.square(pixels).sum(axis=0, dtype=np.float64)
    mean, square = sums / (len(images) * images.shape[1] * images.shape[2])
    std = np.sqrt(np.maximum(square - mean**2, 0))
    return tuple(mean.tolist()), tuple(std.clip(min=1 / 255).tolist())


def _refuse_unread(examples: Examples) -> None:
    for row, why in examples.errors.items():
        raise BadRow(f"{examples.place(row)}: {why}")
