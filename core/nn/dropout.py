"""Dropout that does not wait for the generator on a processor."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_LEVELS = 65536
_PER_DRAW = 4


class Dropout(nn.Module):
    """Set elements to zero with probability `rate`, in training only (Srivastava et al., 2014); see `dropout`.

    >>> layer = Dropout(0.5)
    >>> sorted(layer(torch.ones(100)).unique().tolist())
    [0.0, 2.0]
    >>> layer.eval()(torch.ones(3)).tolist()
    [1.0, 1.0, 1.0]
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        return dropout(x, self.rate) if self.training else x

    def extra_repr(self) -> str:
        return f"{self.rate}"


def dropout(x: Tensor, rate: float) -> Tensor:
    """Return `x` with elements zeroed at `rate` and the others scaled by 1 / (1 − rate), by torch's own generator.

    On a processor torch draws one float an element, which costs more than all else here. 16 bits are enough: one draw
    serves four elements, and `rate` is met to within 2⁻¹⁷.
    """
    if rate == 0:
        return x
    if x.device.type != "cpu":
        return F.dropout(x, rate)
    threshold = min(round(rate * _LEVELS), _LEVELS - 1)
    draws = torch.empty(-(-x.numel() // _PER_DRAW), dtype=torch.int64).random_(-(2**63), None)
    bits = draws.view(torch.int16)[: x.numel()].view(x.shape)
    kept = (bits >= threshold - _LEVELS // 2).to(x.dtype)
    return x * kept.mul_(_LEVELS / (_LEVELS - threshold))
