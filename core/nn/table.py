"""Embeddings of many fields at once: one table for ids, piecewise-linear ones for numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor, nn

# Shapes: B batch, F fields, N numeric fields, T bins, D width.


class FusedTable(nn.Module):
    """One embedding table for all fields; field f's ids 0 … sizes[f] − 1 begin at an offset of its own.

    One gather takes the place of F, and one optimiser state that of F. With `sparse` the gradient holds the rows of
    the batch alone, which pays from some 100,000 rows on.

    >>> table = FusedTable([3, 2], width=4)
    >>> table(torch.tensor([[2, 0], [0, 1]])).shape, len(table.embedding.weight)
    (torch.Size([2, 2, 4]), 5)
    """

    offsets_F: Tensor

    def __init__(self, sizes: Sequence[int], width: int, sparse: bool = False) -> None:
        super().__init__()
        self.sizes = tuple(sizes)
        self.embedding = nn.Embedding(sum(sizes), width, sparse=sparse)
        offsets = torch.tensor(list(accumulate(sizes, initial=0))[:-1])
        self.register_buffer("offsets_F", offsets, persistent=False)
        bound = 1 / math.sqrt(width)
        nn.init.uniform_(self.embedding.weight, -bound, bound)

    def forward(self, ids_BF: Tensor, first: int = 0) -> Tensor:
        """Return (B, F, D) for the ids within the fields from `first` on."""
        out_BFD: Tensor = self.embedding(ids_BF + self.offsets_F[first : first + ids_BF.shape[1]])
        return out_BFD

    def of_field(self, ids: Tensor, field: int) -> Tensor:
        """Return (…, D) for ids (…) that are all of one field."""
        out: Tensor = self.embedding(ids + self.offsets_F[field])
        return out


class PiecewiseLinear(nn.Module):
    """Embeddings of numbers that run straight between knots, one set of knots a field.

    A number at position p (its knot's index, and how far it is to the next) fills the bins below it, and its own in
    part: e_t = clamp(p − t, 0, 1); its embedding is e · W (Gorishniy et al., "On embeddings for numerical features",
    2022, equation 1).

    >>> PiecewiseLinear([4, 2], width=8)(torch.tensor([[1.5, 0.0]])).shape
    torch.Size([1, 2, 8])
    """

    start_T: Tensor

    def __init__(self, bins: Sequence[int], width: int) -> None:
        super().__init__()
        most = max(1, *bins) if bins else 1
        self.weight_NTD = nn.Parameter(torch.empty(len(bins), most, width))
        self.register_buffer("start_T", torch.arange(most, dtype=torch.float32), persistent=False)
        bound = 1 / math.sqrt(width * most)
        nn.init.uniform_(self.weight_NTD, -bound, bound)

    def forward(self, position_BN: Tensor) -> Tensor:
        """Return (B, N, D)."""
        filled_BNT = (position_BN[..., None] - self.start_T).clamp(0, 1)
        return torch.einsum("bnt,ntd->bnd", filled_BNT, self.weight_NTD)
