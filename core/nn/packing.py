"""Several short rows in one long row: no padding to compute, and the same results.

`pack` chooses who travels together, `pack_rows` moves tokens, `Encoder(…, segments_BL=packed.segments)`
keeps them apart, and `Packed.unpack` moves the results back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..errors import TooLarge

# Shapes: B rows, L length, N bins, C tokens in the fullest bin.

Rows = npt.NDArray[np.int64]


def pack(lengths: Sequence[int] | Rows, capacity: int) -> list[Rows]:
    """Put rows into bins of at most `capacity` tokens, by first-fit decreasing (Johnson, 1973).

    >>> [rows.tolist() for rows in pack([3, 5, 2, 4], capacity=8)]
    [[1, 0], [3, 2]]
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    if len(lengths) and lengths.max() > capacity:
        row = int(lengths.argmax())
        raise TooLarge(f"row {row}: {lengths[row]} tokens exceed the capacity ({capacity}); cut it or raise it")
    room, bin_of = np.zeros(0, np.int64), np.zeros(len(lengths), np.int64)
    for length in np.unique(lengths)[::-1]:
        rows = np.flatnonzero(lengths == length)
        room, bin_of[rows] = _first_fit(room, max(int(length), 1), len(rows), capacity)
    # Within a bin the longest row comes first, then the order of the rows.
    order = np.lexsort((np.arange(len(lengths)), -lengths, bin_of))
    return np.split(order, np.cumsum(np.bincount(bin_of, minlength=len(room)))[:-1]) if len(lengths) else []


def _first_fit(room: Rows, length: int, count: int, capacity: int) -> tuple[Rows, Rows]:
    """Place `count` rows of one length; return the room left and each row's bin.

    First fit of equal rows fills the bins one after the other, so that whole bins are handled at once.
    """
    short = count - int((room // length).sum())
    room = np.concatenate([room, np.full(max(0, -(-short // (capacity // length))), capacity, np.int64)])
    bins = np.repeat(np.arange(len(room)), room // length)[:count]
    return room - length * np.bincount(bins, minlength=len(room)), bins


@dataclass(frozen=True, kw_only=True)
class Packed:
    """Rows packed into bins.

    `values` is (N, C, …); `segments` (N, C) holds the number of each token's row, −1 at padding, and
    `positions` (N, C) its place there; `shape` is the rows' own (B, L).
    """

    values: Tensor
    segments: Tensor
    positions: Tensor
    shape: tuple[int, int]

    @property
    def keep(self) -> Tensor:
        """True at real tokens (N, C)."""
        return self.segments >= 0

    def unpack(self, values: Tensor) -> Tensor:
        """Move packed values (N, C, …) back into their rows (B, L, …), with zeros at padding."""
        rows, length = self.shape
        # Padding goes to one place past the end, which is cut off: no step here waits for a GPU.
        place_NC = torch.where(self.keep, self.segments * length + self.positions, rows * length)
        out = values.new_zeros(rows * length + 1, *values.shape[2:])
        out = out.index_copy(0, place_NC.flatten(), values.flatten(0, 1))
        return out[:-1].view(rows, length, *values.shape[2:])


def pack_rows(values: Tensor, keep_BL: Tensor, bins: Sequence[Rows]) -> Packed:
    """Pack rows (B, L, …), whose real tokens `keep_BL` marks, into the given bins.

    >>> ids, keep = torch.tensor([[1, 2, 0], [3, 0, 0]]), torch.tensor([[1, 1, 0], [1, 0, 0]]).bool()
    >>> packed = pack_rows(ids, keep, pack([2, 1], capacity=4))
    >>> packed.values.tolist(), packed.segments.tolist(), packed.positions.tolist()
    ([[1, 2, 3]], [[0, 0, 1]], [[0, 1, 0]])
    >>> packed.unpack(packed.values).tolist()
    [[1, 2, 0], [3, 0, 0]]
    """
    keep = keep_BL.cpu().numpy()
    places = []
    for rows in bins:
        which, position = np.nonzero(keep[rows])
        places.append(torch.from_numpy(np.stack([rows[which], position], axis=1)))
    places_NC2 = torch.nn.utils.rnn.pad_sequence(places, batch_first=True, padding_value=-1).to(values.device)
    segments_NC, positions_NC = places_NC2.unbind(-1)
    empty = (segments_NC < 0).view(*segments_NC.shape, *[1] * (values.dim() - 2))
    return Packed(
        values=values[segments_NC.clamp(min=0), positions_NC.clamp(min=0)].masked_fill(empty, 0),
        segments=segments_NC,
        positions=positions_NC.clamp(min=0),
        shape=(keep.shape[0], keep.shape[1]),
    )
