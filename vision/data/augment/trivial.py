"""The operations of TrivialAugment (Müller and Hutter, "TrivialAugment: tuning-free yet state-of-the-art", 2021).

Each image undergoes one of 14, at a strength drawn uniformly; the ranges are those of its wide space. What moves pixels
is an affine map; what changes each pixel by its own value is a table of 256 entries; two need a neighbourhood or the
other channels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..pictures import Pixels
from .geometry import Maps, Uniform

# Shapes: B batch, S side, C channels.

Tables = npt.NDArray[np.uint8]
"""What each value of each channel becomes (B, C, 256)."""

OPERATIONS = (
    "identity", "shear_x", "shear_y", "translate_x", "translate_y", "rotate", "brightness", "color", "contrast",
    "sharpness", "posterize", "solarize", "auto_contrast", "equalize",
)  # fmt: skip

NUMBERS = 4
"""How many numbers in [0, 1) choose for each image: whether, the operation, its strength, its sign."""

_LUMA = np.array([0.299, 0.587, 0.114])
_SHEAR, _PIXELS, _DEGREES, _ENHANCE = 0.99, 32.0, 135.0, 0.99
_BY_TABLE = ("brightness", "contrast", "posterize", "solarize", "auto_contrast", "equalize")


def chosen(numbers_B4: Uniform, share: float) -> npt.NDArray[np.int64]:
    """Return the number of each image's operation; 0, the identity, for those that undergo none."""
    which = np.floor(numbers_B4[:, 1] * len(OPERATIONS)).astype(np.int64)
    return np.where(numbers_B4[:, 0] < share, which, 0)


def strengths(numbers_B4: Uniform) -> Uniform:
    """Return strengths from −1 to 1."""
    return np.where(numbers_B4[:, 3] < 0.5, -1.0, 1.0) * numbers_B4[:, 2]


def moved(operations_B: npt.NDArray[np.int64], strengths_B: Uniform, side: int) -> Maps:
    """Return the maps of what moves pixels; of the others, the identity."""
    maps = np.tile(np.eye(2, 3), (len(operations_B), 1, 1))
    for place, number in enumerate(operations_B.tolist()):
        name, strength = OPERATIONS[number], strengths_B[place]
        if name == "shear_x":
            maps[place, 0, 1] = -_SHEAR * strength
        elif name == "shear_y":
            maps[place, 1, 0] = -_SHEAR * strength
        elif name.startswith("translate"):
            maps[place, int(name == "translate_y"), 2] = -2 * min(_PIXELS / side, 1.0) * strength
        elif name == "rotate":
            angle = np.deg2rad(_DEGREES * strength)
            maps[place, :, :2] = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    return maps


def recolour(images_BSSC: Pixels, operations_B: npt.NDArray[np.int64], strengths_B: Uniform) -> None:
    """Do to the images, in place, what changes colours."""
    for name in (*_BY_TABLE, "color", "sharpness"):
        rows = np.flatnonzero(operations_B == OPERATIONS.index(name))
        if len(rows):
            images_BSSC[rows] = _apply(name, images_BSSC[rows], strengths_B[rows])


def _apply(name: str, images_BSSC: Pixels, strengths_B: Uniform) -> Pixels:
    if name == "color":
        return blended(_grey(images_BSSC), images_BSSC, 1 + _ENHANCE * strengths_B)
    if name == "sharpness":
        return blended(smoothed(images_BSSC), images_BSSC, 1 + _ENHANCE * strengths_B)
    return through(images_BSSC, _tables(name, images_BSSC, strengths_B))


def _tables(name: str, images_BSSC: Pixels, strengths_B: Uniform) -> Tables:
    values, channels = np.arange(256.0), images_BSSC.shape[3]
    factor = (1 + _ENHANCE * strengths_B)[:, None]
    if name == "brightness":
        table = values * factor
    elif name == "contrast":
        mean = np.floor(_grey(images_BSSC)[..., 0].mean(axis=(1, 2)) + 0.5)[:, None]
        table = mean + (values - mean) * factor
    elif name == "posterize":
        bits = np.round(8 - 6 * np.abs(strengths_B)).astype(np.int64)[:, None]
        table = (values.astype(np.int64) & (0xFF << (8 - bits)) & 0xFF).astype(np.float64)
    elif name == "solarize":
        table = np.where(values < 255 * (1 - np.abs(strengths_B))[:, None], values, 255 - values)
    else:
        return stretched(images_BSSC) if name == "auto_contrast" else equalized(images_BSSC)
    one = table.clip(0, 255).astype(np.uint8)
    return np.broadcast_to(one[:, None], (len(one), channels, 256))


def stretched(images_BSSC: Pixels) -> Tables:
    """Return the tables that bring the darkest value of each channel to 0 and the brightest to 255."""
    low = images_BSSC.min(axis=(1, 2)).astype(np.float64)[..., None]
    high = images_BSSC.max(axis=(1, 2)).astype(np.float64)[..., None]
    spread = np.where(high > low, high - low, 255)
    values = (np.arange(256) - np.where(high > low, low, 0)) * (255 / spread)
    return np.asarray(values.clip(0, 255), np.uint8)


def equalized(images_BSSC: Pixels) -> Tables:
    """Return the tables that spread the values of each channel evenly, as Pillow's `equalize`."""
    count, _, _, channels = images_BSSC.shape
    flat = np.moveaxis(images_BSSC, 3, 1).reshape(count * channels, -1).astype(np.int64)
    offsets = 256 * np.arange(len(flat))[:, None]
    histogram = np.bincount((flat + offsets).ravel(), minlength=256 * len(flat)).reshape(-1, 256)
    last = 255 - (histogram[:, ::-1] > 0).argmax(axis=1)
    step = (histogram.sum(axis=1) - histogram[np.arange(len(flat)), last]) // 255
    before = np.cumsum(histogram, axis=1) - histogram
    tables = (before + (step // 2)[:, None]) // np.maximum(step, 1)[:, None]
    tables = np.where(step[:, None] > 0, tables, np.arange(256))
    return np.asarray(tables.clip(0, 255), np.uint8).reshape(count, channels, 256)


def through(images_BSSC: Pixels, tables: Tables) -> Pixels:
    """Return each pixel as the table of its image and channel has it."""
    count, _, _, channels = images_BSSC.shape
    offsets = 256 * np.arange(count * channels, dtype=np.int32).reshape(count, 1, 1, channels)
    return np.asarray(np.ascontiguousarray(tables).ravel().take(images_BSSC + offsets), np.uint8)


def blended(degenerate: Pixels, images_BSSC: Pixels, factors_B: Uniform) -> Pixels:
    """Return degenerate + factor · (image − degenerate), as Pillow's enhancers."""
    one, two = degenerate.astype(np.float32), images_BSSC.astype(np.float32)
    found = one + factors_B[:, None, None, None].astype(np.float32) * (two - one)
    return np.asarray(found.clip(0, 255), np.uint8)


def smoothed(images_BSSC: Pixels) -> Pixels:
    """Return the images smoothed by (1, 1, 1; 1, 5, 1; 1, 1, 1) / 13; the border stays, as in Pillow."""
    plain = images_BSSC.astype(np.float32)
    side = plain.shape[1]
    shifts = [(y, x) for y in range(3) for x in range(3)]
    total = sum(plain[:, y : side - 2 + y, x : side - 2 + x] for y, x in shifts) + 4 * plain[:, 1:-1, 1:-1]
    out = images_BSSC.copy()
    out[:, 1:-1, 1:-1] = np.floor(total / 13 + 0.5).clip(0, 255)
    return out


def _grey(images_BSSC: Pixels) -> Pixels:
    """Return the brightness (B, S, S, 1) of the images."""
    if images_BSSC.shape[3] == 1:
        return images_BSSC
    return np.asarray(images_BSSC @ _LUMA, np.uint8)[..., None]
