"""Embeddings of many fields at once: one table for ids, piecewise-linear ones for numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

# Shapes: B batch, F fields, N numeric fields, T bins, D width; K looked-up rows of a table, U different ones.


class Places:
    """Rows (…) of a table that are looked up; tables of the same fields share them, and what is found out of them."""

    def __init__(self, rows: Tensor):
        self.rows = rows

    @cached_property
    def grouped(self) -> tuple[Tensor, Tensor, Tensor]:
        """The different rows (U,) in ascending order, the places (K,) that look each up, one row's after the other's,
        and where those of each row begin (U,).

        >>> [part.tolist() for part in Places(torch.tensor([[7, 2], [3, 7]])).grouped]
        [[2, 3, 7], [1, 2, 0, 3], [0, 1, 2]]
        """
        rows = self.rows.flatten().numpy()
        bits = len(rows).bit_length()
        keys = np.sort((rows.astype(np.int64) << bits) + np.arange(len(rows)))  # sorted twice as fast as by `argsort`
        in_order = keys >> bits
        starts = np.flatnonzero(np.diff(in_order, prepend=-1))
        found = in_order[starts], keys & ((1 << bits) - 1), starts
        return tuple(map(torch.from_numpy, found))  # type: ignore[return-value]


class _LookUp(torch.autograd.Function):
    """Rows of a table; the gradients of a row are summed one after the other, where torch's own way would add each to
    the table, or sort them together with their rows once for each table."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, places: Places, sparse: bool) -> Tensor:
        ctx.places, ctx.sparse, ctx.shape = places, sparse, weight.shape
        return F.embedding(places.rows, weight)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        rows, order, starts = ctx.places.grouped
        sums = F.embedding_bag(order, grad.reshape(-1, ctx.shape[1]), starts, mode="sum")
        if ctx.sparse:
            found = torch.sparse_coo_tensor(rows[None], sums, ctx.shape, is_coalesced=True, check_invariants=False)
        else:
            found = grad.new_zeros(ctx.shape).index_copy_(0, rows, sums)
        return found, None, None


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

    def forward(self, ids_BF: Tensor) -> Tensor:
        """Return (B, F, D) for the ids of the first fields."""
        return self.at(self.places(ids_BF))

    def places(self, ids_BF: Tensor) -> Places:
        """Return where the ids of the first fields stand."""
        return Places(ids_BF + self.offsets_F[: ids_BF.shape[1]])

    def at(self, places: Places) -> Tensor:
        """Return the rows (…, D) at some places, which may come from another table of the same sizes."""
        table = self.embedding
        if places.rows.device.type == "cpu" and torch.is_grad_enabled() and not torch.compiler.is_compiling():
            out: Tensor = _LookUp.apply(table.weight, places, table.sparse)
        else:
            out = table(places.rows)
        return out

    def of_field(self, ids: Tensor, field: int) -> Tensor:
        """Return (…, D) for ids (…) that are all of one field."""
        return self.at(Places(ids + self.offsets_F[field]))


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
