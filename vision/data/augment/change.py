"""All changes to single images, one after the other."""

from __future__ import annotations

import numpy as np

from ....core.batch import Draw, Rows
from ..pictures import Pixels
from . import geometry, trivial
from .config import AugmentConfig

# Shapes: B batch, S side, C channels.

_PLACES, _TRIVIAL, _ERASE, _NOISE = range(4)
"""The streams of random numbers."""

_ERASED = (0.02, 1 / 3)
"""The least and the largest share of the area that is erased."""


def changed(images_BSSC: Pixels, rows: Rows, draw: Draw, side: int, config: AugmentConfig, flip: bool) -> Pixels:
    """Return the images of `rows` (B, S, S, C) changed, at `side` × `side` pixels."""
    maps = geometry.placed(draw.uniform(rows, geometry.NUMBERS, _PLACES), side, config, flip)
    if not config.trivial:
        out = geometry.resample(images_BSSC, maps, side)
    else:
        numbers = draw.uniform(rows, trivial.NUMBERS, _TRIVIAL)
        operations, strengths = trivial.chosen(numbers, config.trivial), trivial.strengths(numbers)
        maps = geometry.after(maps, trivial.moved(operations, strengths, side))
        out = geometry.resample(images_BSSC, maps, side)
        trivial.recolour(out, operations, strengths)
    if config.erase:
        _erase(out, rows, draw, config.erase)
    return out


def _erase(images_BSSC: Pixels, rows: Rows, draw: Draw, share: float) -> None:
    """Fill a rectangle of some images with noise, in place (Zhong et al., "Random erasing data augmentation", 2017)."""
    side, channels = images_BSSC.shape[1], images_BSSC.shape[3]
    numbers = draw.uniform(rows, 5, _ERASE)
    area = _ERASED[0] + (_ERASED[1] - _ERASED[0]) * numbers[:, 1]
    ratio = 0.3 ** (2 * numbers[:, 2] - 1)
    sizes = np.stack([np.sqrt(area * ratio), np.sqrt(area / ratio)], axis=1).clip(max=1)
    sizes = (sizes * side).round().astype(np.int64)
    starts = np.floor(numbers[:, 3:5] * (side - sizes + 1)).astype(np.int64)
    places = np.flatnonzero(numbers[:, 0] < share)
    counts = sizes[places].prod(axis=1) * channels
    noise = draw.uniform(rows[places], int(counts.max(initial=0)), _NOISE) * 256
    for place, count, own in zip(places.tolist(), counts.tolist(), noise, strict=True):
        (top, left), (height, width) = starts[place], sizes[place]
        images_BSSC[place, top : top + height, left : left + width] = own[:count].reshape(height, width, channels)
