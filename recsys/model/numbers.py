"""Encodings of numbers beside the piecewise-linear one: periodic functions and logarithms."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor, nn

from ...core.nn.table import PiecewiseLinear
from ..data import LogShape
from .config import ClickModelConfig, PeriodicConfig

# Shapes: B batch, N numeric fields, K frequencies, T bins, D width.

NumberEncoding: TypeAlias = Callable[[Sequence[int], int], nn.Module]
"""What makes an encoding from the bins of the fields and a width: positions (B, N) become (B, N, D)."""


def number_encoding(config: ClickModelConfig, logs: Sequence[LogShape]) -> NumberEncoding:
    """Return what makes the encoding that `config.numbers` names."""
    made: dict[str, NumberEncoding] = {
        "piecewise": PiecewiseLinear,
        "periodic": partial(Periodic, config=config.periodic),
        "log": partial(Logarithm, logs=logs),
    }
    return made[config.numbers]


class Periodic(nn.Module):
    """ReLU(W · [cos(2π c x), sin(2π c x)] + b) of a number x, with learned frequencies c and a map W of its field.

    Gorishniy, Rubachev and Babenko, "On Embeddings for Numerical Features in Tabular Deep Learning", 2022, section 3.3.
    x is the number's position among the knots, which are quantiles, as the paper takes numbers made normal by their
    quantiles: stretched over [−√3, √3], which has a uniform one vary by 1 around 0.

    >>> Periodic([4, 2], 8, PeriodicConfig(num_frequencies=3))(torch.tensor([[1.5, 0.0]])).shape
    torch.Size([1, 2, 8])
    """

    bins_N: Tensor

    def __init__(self, bins: Sequence[int], width: int, config: PeriodicConfig) -> None:
        super().__init__()
        fields, count, deviation = len(bins), config.num_frequencies, config.deviation
        self.frequency_NK = nn.Parameter(torch.empty(fields, count))
        self.weight_NKD = nn.Parameter(torch.empty(fields, 2 * count, width))
        self.bias_ND = nn.Parameter(torch.empty(fields, width))
        self.register_buffer("bins_N", torch.tensor(bins, dtype=torch.float32).clamp(min=1), persistent=False)
        nn.init.trunc_normal_(self.frequency_NK, std=deviation, a=-3 * deviation, b=3 * deviation)
        for weight in (self.weight_NKD, self.bias_ND):
            nn.init.uniform_(weight, -1 / math.sqrt(2 * count), 1 / math.sqrt(2 * count))

    def forward(self, position_BN: Tensor) -> Tensor:
        """Return (B, N, D)."""
        x_BN = math.sqrt(3) * (2 * position_BN / self.bins_N - 1)
        turns_BNK = 2 * math.pi * self.frequency_NK * x_BN[..., None]
        waves_BNK = torch.cat([turns_BNK.cos(), turns_BNK.sin()], -1)
        return torch.relu(torch.einsum("bnk,nkd->bnd", waves_BNK, self.weight_NKD) + self.bias_ND)


class Logarithm(nn.Module):
    """z · w + b of a number x, where z is sign(x) · ln(1 + |x|), standardised over the training rows.

    So AutoInt (Song et al., 2019) multiplies a vector of each field by its number, squared logarithms in its case, as
    the winner of Criteo's contest took them. A number beyond the first or the last knot counts as that knot.

    >>> log = Logarithm([2], 8, [LogShape((0.0, 10.0, 1000.0), 2.0, 1.5)])
    >>> log.numbers(torch.tensor([[0.5], [1.5]])).flatten().tolist(), log(torch.tensor([[1.5]])).shape
    ([5.0, 505.0], torch.Size([1, 1, 8]))
    """

    knots_NT: Tensor
    mean_N: Tensor
    deviation_N: Tensor

    def __init__(self, bins: Sequence[int], width: int, logs: Sequence[LogShape]) -> None:
        super().__init__()
        assert [len(one.knots) - 1 for one in logs] == list(bins)
        self.weight_ND = nn.Parameter(torch.empty(len(bins), width))
        self.bias_ND = nn.Parameter(torch.zeros(len(bins), width))
        scale_N2 = torch.tensor([(one.mean, one.deviation) for one in logs])
        self.register_buffer("knots_NT", _side_by_side([one.knots for one in logs]), persistent=False)
        self.register_buffer("mean_N", scale_N2[:, 0], persistent=False)
        self.register_buffer("deviation_N", scale_N2[:, 1], persistent=False)
        nn.init.uniform_(self.weight_ND, -1 / math.sqrt(width), 1 / math.sqrt(width))

    def numbers(self, position_BN: Tensor) -> Tensor:
        """Return the numbers (B, N) at these positions among the knots."""
        below_BN = position_BN.long()
        above_BN = (below_BN + 1).clamp(max=self.knots_NT.shape[1] - 1)
        start_BN, end_BN = (self.knots_NT.gather(1, knot_BN.T).T for knot_BN in (below_BN, above_BN))
        return start_BN + (position_BN - below_BN) * (end_BN - start_BN)

    def forward(self, position_BN: Tensor) -> Tensor:
        """Return (B, N, D)."""
        x_BN = self.numbers(position_BN)
        z_BN = (x_BN.sign() * x_BN.abs().log1p() - self.mean_N) / self.deviation_N
        return z_BN[..., None] * self.weight_ND + self.bias_ND


def _side_by_side(knots: Sequence[tuple[float, ...]]) -> Tensor:
    """Return the knots of all fields (N, T + 1), the last one repeated where a field has fewer, and cut where the
    difference of two would not fit into 32 bits."""
    most = max(map(len, knots))
    padded = [[*some, *some[-1:] * (most - len(some))] for some in knots]
    return torch.tensor(padded, dtype=torch.float64).clamp(-1e38, 1e38).float()
