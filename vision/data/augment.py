"""Changes to training images that leave their class: shifts (padded random crops) and mirror images.

Whole batches at once, and a pure function of the numbers drawn: no hidden randomness, no loop over images.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .pictures import Pixels

# Shapes: B batch, S side, C channels.

NUMBERS = 3
"""How many numbers in [0, 1) `shift_and_flip` takes for each image."""


def shift_and_flip(images_BSSC: Pixels, numbers_B3: npt.NDArray[np.float64], reach: int, flip: bool) -> Pixels:
    """Shift every image by up to `reach` pixels each way and, with `flip`, mirror half of them left to right.

    This is the padded random crop of He et al. ("Deep residual learning", 2016, section 4.2), but what comes
    into view is the mirror image of the border, which suits any background.

    >>> image = np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1)
    >>> shift_and_flip(image, np.array([[0.5, 0.5, 0.0]]), reach=1, flip=True)[0, :, :, 0].tolist()
    [[1, 0], [3, 2]]
    """
    side = images_BSSC.shape[1]
    shifts_B2 = np.floor(numbers_B3[:, :2] * (2 * reach + 1)).astype(np.int64) - reach
    places_S = np.arange(side)
    rows_BS = _reflect(places_S + shifts_B2[:, :1], side)
    columns_BS = _reflect(places_S + shifts_B2[:, 1:], side)
    if flip:
        columns_BS = np.where(numbers_B3[:, 2:] < 0.5, columns_BS[:, ::-1], columns_BS)
    batch_B = np.arange(len(images_BSSC))
    out: Pixels = images_BSSC[batch_B[:, None, None], rows_BS[:, :, None], columns_BS[:, None, :]]
    return out


def _reflect(places: npt.NDArray[np.int64], side: int) -> npt.NDArray[np.int64]:
    """Fold places outside [0, side) back at the border (its own pixel is repeated)."""
    places = np.where(places < 0, -1 - places, places)
    folded: npt.NDArray[np.int64] = np.where(places >= side, 2 * side - 1 - places, places)
    return folded
