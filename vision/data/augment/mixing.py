"""Mixtures of two images and of their labels: mixup and CutMix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ....core.batch import Rows
from ..pictures import Pixels
from .config import AugmentConfig
from .geometry import Uniform

# Shapes: B batch, S side, C channels, K classes.

NUMBERS = 5
"""How many numbers in [0, 1) `draw_mixes` takes for each image."""


@dataclass(frozen=True)
class Mix:
    """What each image of a batch is mixed with: the row of its partner, its own share, and CutMix's box of the partner.

    The box (B, 4) is top, left, bottom and right in pixels, and empty where the whole images are mixed.
    """

    partners: Rows
    shares: npt.NDArray[np.float32]
    boxes: npt.NDArray[np.int64]


def draw_mixes(numbers_BN: Uniform, rows: int, side: int, config: AugmentConfig) -> Mix:
    """Draw partners from all `rows` of the training set, shares from Beta distributions, and boxes."""
    from scipy.special import betaincinv

    cut = numbers_BN[:, 0] < 0.5 if config.mixup and config.cutmix else np.full(len(numbers_BN), bool(config.cutmix))
    alpha = np.where(cut, config.cutmix or 1.0, config.mixup or 1.0)
    shares = betaincinv(alpha, alpha, numbers_BN[:, 1])
    partners = np.floor(numbers_BN[:, 2] * rows).astype(np.int64)
    half = np.sqrt(1 - shares)[:, None] * side / 2
    middle = numbers_BN[:, 3:5] * side
    boxes = np.concatenate([middle - half, middle + half], axis=1).round().clip(0, side).astype(np.int64)
    boxes[~cut] = 0
    covered = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) / side**2
    return Mix(partners, np.where(cut, 1 - covered, shares).astype(np.float32), boxes)


def mixed_images(images_BSSC: Pixels, others_BSSC: Pixels, mix: Mix) -> Pixels:
    """Return the mixtures; both batches are changed already."""
    whole = (mix.boxes == 0).all(axis=1)
    share = np.where(whole, mix.shares, 1).astype(np.float32)[:, None, None, None]
    out = (images_BSSC * share + others_BSSC * (1 - share) + 0.5).astype(np.uint8)
    for place in np.flatnonzero(~whole).tolist():
        top, left, bottom, right = mix.boxes[place]
        out[place, top:bottom, left:right] = others_BSSC[place, top:bottom, left:right]
    return out


def mixed_labels(labels: npt.NDArray[np.float32], others: npt.NDArray[np.float32], mix: Mix) -> npt.NDArray[np.float32]:
    """Return the mixtures of labels (B, K), in the shares of the pixels."""
    share = mix.shares.reshape(-1, *[1] * (labels.ndim - 1))
    return np.asarray(share * labels + (1 - share) * others, np.float32)
