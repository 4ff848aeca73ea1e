"""Where each pixel of the changed image comes from: shifts, mirrors, crops, shears and turns as one affine map."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

from ..pictures import Pixels
from .config import AugmentConfig

# Shapes: B batch, S side, C channels. Places in an image are (x, y) from −1 to 1.

Maps = npt.NDArray[np.float64]
"""Affine maps (B, 2, 3) from places in the changed image to places in the old one."""

Uniform = npt.NDArray[np.float64]

NUMBERS = 5
"""How many numbers in [0, 1) `placed` takes for each image."""

_RATIO = 4 / 3


def placed(numbers_BN: Uniform, side: int, config: AugmentConfig, flip: bool) -> Maps:
    """Return the maps of shifts or crops, and mirrors.

    >>> placed(np.full((1, NUMBERS), 0.5), 32, AugmentConfig(), flip=True)[0].tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    count = len(numbers_BN)
    maps = np.zeros((count, 2, 3))
    if config.crop:
        area = config.crop + (1 - config.crop) * numbers_BN[:, 3]
        ratio = _RATIO ** (2 * numbers_BN[:, 4] - 1)
        scales = np.stack([np.sqrt(area * ratio), np.sqrt(area / ratio)], axis=1).clip(max=1)
        maps[:, [0, 1], [0, 1]] = scales
        maps[:, :, 2] = (1 - scales) * (2 * numbers_BN[:, :2] - 1)
    else:
        reach = round(config.shift * side)
        steps = np.floor(numbers_BN[:, :2] * (2 * reach + 1)) - reach
        maps[:, [0, 1], [0, 1]] = 1
        maps[:, :, 2] = steps * 2 / side
    if flip:
        maps[:, 0, 0] *= np.where(numbers_BN[:, 2] < 0.5, -1, 1)
    return maps


def after(maps: Maps, then: Maps) -> Maps:
    """Return the maps of images that are changed by `maps` and `then` changed by the second."""
    linear = maps[:, :, :2] @ then[:, :, :2]
    offset = maps[:, :, :2] @ then[:, :, 2:] + maps[:, :, 2:]
    return np.concatenate([linear, offset], axis=2)


def resample(images_BSSC: Pixels, maps: Maps, side: int) -> Pixels:
    """Return the images at `side` × `side`, bilinearly; what comes into view at a border is its mirror image.

    Images whose map moves whole pixels alone come out exact.
    """
    plain = torch.from_numpy(np.ascontiguousarray(images_BSSC)).permute(0, 3, 1, 2).float()
    grid = F.affine_grid(torch.from_numpy(maps).float(), [len(maps), 1, side, side], align_corners=False)
    found = F.grid_sample(plain, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    out: Pixels = found.round_().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    return out
