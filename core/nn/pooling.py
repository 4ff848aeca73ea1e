"""One vector for a whole sequence."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from ..errors import UnknownName, did_you_mean

# Shapes: B batch, L length, D width.

PoolingKind = Literal["mean", "first", "max", "attention"]


class Pooling(nn.Module):
    """Reduce (B, L, D) to (B, D) by the mean, first, maximum or learned weighted mean of the real tokens.

    "attention" weighs tokens by the softmax of one learned score each (Lin et al., "A structured
    self-attentive sentence embedding", 2017); it starts as the mean. Rows of nothing but padding give finite
    numbers.

    >>> x_BLD, keep_BL = torch.tensor([[[1.0], [3.0], [9.0]]]), torch.tensor([[True, True, False]])
    >>> Pooling("mean", 1)(x_BLD, keep_BL).item(), Pooling("max", 1)(x_BLD, keep_BL).item()
    (2.0, 3.0)
    """

    def __init__(self, kind: PoolingKind, width: int) -> None:
        super().__init__()
        if kind not in get_args(PoolingKind):
            raise UnknownName(f"unknown pooling '{kind}'{did_you_mean(kind, get_args(PoolingKind))}")
        self.kind = kind
        if kind == "attention":
            self.score = nn.Linear(width, 1, bias=False)  # a bias would cancel in the softmax
            nn.init.zeros_(self.score.weight)

    def forward(self, x_BLD: Tensor, keep_BL: Tensor | None = None) -> Tensor:
        """Return (B, D)."""
        if self.kind == "first":
            return x_BLD[:, 0]
        if self.kind == "mean":
            return _mean(x_BLD, keep_BL)
        if self.kind == "max":
            return _max(x_BLD, keep_BL)
        score_BL = self.score(x_BLD).squeeze(-1).float()
        if keep_BL is not None:
            score_BL = score_BL.masked_fill(~keep_BL, torch.finfo(score_BL.dtype).min)
        return torch.einsum("bl,bld->bd", score_BL.softmax(-1).to(x_BLD.dtype), x_BLD)


def _mean(x_BLD: Tensor, keep_BL: Tensor | None) -> Tensor:
    if keep_BL is None:
        return x_BLD.mean(1)
    return x_BLD.masked_fill(~keep_BL[..., None], 0).sum(1) / keep_BL.sum(1, keepdim=True).clamp(min=1)


def _max(x_BLD: Tensor, keep_BL: Tensor | None) -> Tensor:
    if keep_BL is None:
        return x_BLD.amax(1)
    lowest = torch.finfo(x_BLD.dtype).min
    most_BD = x_BLD.masked_fill(~keep_BL[..., None], lowest).amax(1)
    return most_BD.masked_fill(~keep_BL.any(1, keepdim=True), 0)
