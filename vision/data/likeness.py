"""Images that look the same: the same picture saved anew, at another size, or a frame later."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ...core.holdout import connected
from .table import ImageTable

# Shapes: N images, K = 8 blocks a side, C channels.

Integers = npt.NDArray[np.int64]

_BLOCKS = 8
_BANDS = 8
_MOST_BITS = _BANDS - 1
_LEVELS = 8.0
"""How far apart, on average over the blocks and of 255, two images may be that look the same."""

_MOST_IN_BUCKET = 50
_BLOCK = 2000


def look_alikes(*tables: ImageTable) -> Integers:
    """Return a number for each image of all tables, the same for images that look the same.

    Each image is cut into 8 × 8 blocks; whether a block is brighter than its right and its lower neighbour are 112 bits
    (the difference hash of Krawetz, 2013, in both directions). Images that differ in seven bits at most, and in the
    blocks' brightness by little, look the same. Such two agree in one eighth of the bits at least, so that only
    images that do are compared.
    """
    means_NKK = np.concatenate([_block_means(table) for table in tables])
    bits = _bits(means_NKK)
    candidates = (pairs for band in np.split(bits, _BANDS, axis=1) for pairs in _pairs(band))
    found = [pairs[_alike(bits, means_NKK, pairs)] for pairs in candidates]
    return connected(len(bits), np.concatenate(found))


def same_pixels(table: ImageTable) -> Integers:
    """Return a number for each image, equal where all pixels are."""
    keys = np.concatenate(
        [np.array([hash(image.tobytes()) for image in block], np.int64) for block in table.blocks()]
        or [np.zeros(0, np.int64)]
    )
    return np.unique(keys, return_inverse=True)[1].astype(np.int64)


def _block_means(table: ImageTable) -> npt.NDArray[np.float32]:
    """Return the mean brightness of the blocks (N, K, K); what is left over at the border is cut."""
    parts = [np.zeros((0, _BLOCKS, _BLOCKS), np.float32)]
    for block in table.blocks():
        grey = block.mean(axis=3, dtype=np.float32)
        for axis in (1, 2):
            grey = grey.repeat(-(-_BLOCKS // grey.shape[axis]), axis=axis)  # where there are fewer pixels than blocks
        high, wide = (side // _BLOCKS for side in grey.shape[1:])
        cut = grey[:, : high * _BLOCKS, : wide * _BLOCKS]
        parts.append(cut.reshape(len(block), _BLOCKS, high, _BLOCKS, wide).mean(axis=(2, 4)))
    return np.concatenate(parts)


def _bits(means_NKK: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    right = means_NKK[:, :, :-1] > means_NKK[:, :, 1:]
    below = means_NKK[:, :-1] > means_NKK[:, 1:]
    count = 2 * _BLOCKS * (_BLOCKS - 1)  # said, since of no images nothing can be inferred
    return np.stack([right.reshape(-1, count // 2), below.reshape(-1, count // 2)], axis=1).reshape(-1, count)


def _pairs(band: npt.NDArray[np.bool_]) -> Iterator[Integers]:
    """Yield pairs of rows (P, 2) that agree in all bits; where very many do, each with the first of them."""
    _, number, counts = np.unique(np.packbits(band, axis=1), axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(number.ravel(), kind="stable")
    pairs = [np.zeros((0, 2), np.int64)]
    for rows in np.split(order, np.cumsum(counts)[:-1]):
        if len(rows) > _MOST_IN_BUCKET:
            pairs.append(np.stack([np.full(len(rows) - 1, rows[0]), rows[1:]], axis=1))
        elif len(rows) > 1:
            pairs.append(rows[np.stack(np.triu_indices(len(rows), 1), axis=1)])
        if len(pairs) > _BLOCK:
            yield np.concatenate(pairs)
            pairs = pairs[:1]
    yield np.concatenate(pairs)


def _alike(bits: npt.NDArray[np.bool_], means_NKK: npt.NDArray[np.float32], pairs: Integers) -> npt.NDArray[np.bool_]:
    one, other = pairs.T
    near = (bits[one] != bits[other]).sum(axis=1) <= _MOST_BITS
    near[near] = np.abs(means_NKK[one[near]] - means_NKK[other[near]]).mean(axis=(1, 2)) <= _LEVELS
    return np.asarray(near, bool)
