"""Images of one size in one array, of which only the rows that are asked for are read."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from ...core.batch import Rows
from .pictures import Pixels

# Shapes: N images, S side, C channels.

_SHOWN = 128


def data_uri(pixels_SSC: Pixels) -> str:
    """Return pixels (S, S, C) as a PNG in a `data:` URI, of at most 128 pixels a side."""
    buffer = BytesIO()
    plain = pixels_SSC[..., 0] if pixels_SSC.shape[-1] == 1 else pixels_SSC
    image = Image.fromarray(np.ascontiguousarray(plain))
    image.thumbnail((_SHOWN, _SHOWN))
    image.save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{b64encode(buffer.getvalue()).decode()}"


@dataclass(frozen=True)
class ImageTable:
    """Row i is `array[rows[i]]`; `array` (…, S, S, C) is usually a file that is mapped into memory.

    `sizes` holds each picture's own width and height (N, 2) before it was brought to side S, 0 where unknown.

    >>> table = ImageTable.of(np.arange(3, dtype=np.uint8).reshape(3, 1, 1, 1))
    >>> table.take(np.array([2, 0]))[np.array([0])].ravel().tolist()
    [2]
    """

    array: Pixels
    rows: Rows
    sizes: npt.NDArray[np.int32]

    @classmethod
    def of(cls, array: Pixels, sizes: npt.NDArray[np.int32] | None = None) -> ImageTable:
        """Return all rows of an array."""
        known = np.tile(np.array(array.shape[2:0:-1], np.int32), (len(array), 1)) if sizes is None else sizes
        return cls(array, np.arange(len(array)), known)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Return (N, S, S, C)."""
        return (len(self.rows), *self.array.shape[1:])

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """Return the type of the pixels, as an array's."""
        return self.array.dtype

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: Rows | slice | int) -> Pixels:
        """Return the pixels of some rows, or of one, read into memory."""
        return np.asarray(self.array[self.rows[rows]])

    def take(self, rows: Rows) -> ImageTable:
        """Return some rows, without reading them."""
        return replace(self, rows=self.rows[rows], sizes=self.sizes[rows])

    def grey(self) -> ImageTable:
        """Return the first channel alone."""
        return replace(self, array=self.array[..., :1])

    def coloured(self) -> ImageTable:
        """Return grey images with three channels, which take no room."""
        return replace(self, array=np.broadcast_to(self.array, (*self.array.shape[:-1], 3)))

    def data_uri(self, row: int) -> str:
        """Return an image as a PNG in a `data:` URI."""
        return data_uri(self[row])

    def blocks(self, rows: int = 4096) -> Iterator[Pixels]:
        """Yield all rows in order, so many at once."""
        for start in range(0, len(self), rows):
            yield self[slice(start, start + rows)]
