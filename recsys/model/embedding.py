"""Embeddings of all fields of a row."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ...core.batch import Batch
from ...core.nn.table import FusedTable, PiecewiseLinear, Places
from ..data import ListShape
from .numbers import NumberEncoding

# Shapes: B batch, F fields, P numeric fields (the last of F), S lists, L values of a list, D width.


class FieldEmbedding(nn.Module):
    """One vector a field: a row of the fused table, for numbers that are there what `numbers` makes of their position
    beside it, and for lists the mean of their values' rows. A list may share the rows of a field.

    >>> embedding = FieldEmbedding([4, 3], [2], width=8, lists=[ListShape(shared=0, most=2, ordered=True)])
    >>> ids = {"ids": torch.tensor([[3, 1]]), "position": torch.tensor([[0.5]]), "lists": torch.tensor([[2, 0]])}
    >>> embedding(Batch(ids)).shape
    torch.Size([1, 3, 8])
    """

    def __init__(
        self,
        sizes: Sequence[int],
        bins: Sequence[int],
        width: int,
        lists: Sequence[ListShape] = (),
        *,
        sparse: bool = False,
        deviation: float = 0.0,
        numbers: NumberEncoding = PiecewiseLinear,
    ) -> None:
        super().__init__()
        own = [-one.shared for one in lists if one.shared < 0]
        places = iter(range(len(sizes), len(sizes) + len(own)))
        self.table = FusedTable([*sizes, *own], width, sparse)
        self.lists, self.of = tuple(lists), [one.shared if one.shared >= 0 else next(places) for one in lists]
        self.numbers = numbers(bins, width) if bins else None
        if deviation:
            for name, weight in self.named_parameters():
                if not name.endswith("frequency_NK"):  # no embeddings: near 0 all periodic functions are constant
                    nn.init.normal_(weight, std=deviation)

    def forward(self, batch: Batch, places: Places | None = None) -> Tensor:
        """Return (B, F + S, D); `places` are those of the ids, where they are known already."""
        x_BFD = self.table.at(places or self.table.places(batch["ids"]))
        if self.numbers is not None:
            first = x_BFD.shape[1] - batch["position"].shape[1]
            numbers_BPD = self.numbers(batch["position"]) * (batch["ids"][:, first:, None] > 0)
            x_BFD = torch.cat([x_BFD[:, :first], x_BFD[:, first:] + numbers_BPD], 1)
        means = [_mean(*found) for found in self.values(batch)]
        return torch.cat([x_BFD, *means], 1) if means else x_BFD

    def values(self, batch: Batch, *, ordered: bool = False) -> list[tuple[Tensor, Tensor]]:
        """Return the rows (B, L, D) of the values of each list, or only of sequences, and which are there (B, L)."""
        if not self.lists:
            return []
        parts = torch.split(batch["lists"], [one.most for one in self.lists], 1)
        chosen = [number for number, one in enumerate(self.lists) if one.ordered or not ordered]
        return [(self.table.of_field(parts[number], self.of[number]), parts[number] > 0) for number in chosen]


def _mean(x_BLD: Tensor, keep_BL: Tensor) -> Tensor:
    """Return the mean (B, 1, D) of what is there, 0 where nothing is."""
    count_B11 = keep_BL.sum(1).clamp(min=1)[:, None, None]
    return (x_BLD * keep_BL[..., None]).sum(1, keepdim=True) / count_B11
