"""The position-wise feed-forward sublayer."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .config import Activation

# Shapes: B batch, L length, D width.


def swiglu(x: Tensor) -> Tensor:
    """Gate one half of the last dimension by the SiLU of the other: (…, 2 F) to (…, F) (Shazeer, 2020)."""
    gate, value = x.chunk(2, dim=-1)
    return F.silu(gate) * value


ACTIVATIONS: dict[Activation, Callable[[Tensor], Tensor]] = {"gelu": F.gelu, "relu": F.relu, "swiglu": swiglu}


class FeedForward(nn.Module):
    """Two linear maps with an activation between (Vaswani et al., 2017, section 3.3); GELU is the exact one.

    SwiGLU makes gate and value in one product. Weights start by Glorot's uniform rule, as in attention.

    >>> FeedForward(8, 32, "swiglu")(torch.zeros(2, 5, 8)).shape
    torch.Size([2, 5, 8])
    """

    def __init__(self, width: int, hidden: int, activation: Activation = "gelu", bias: bool = True) -> None:
        super().__init__()
        self.hidden, self.activation = hidden, ACTIVATIONS[activation]
        self.up = nn.Linear(width, 2 * hidden if activation == "swiglu" else hidden, bias=bias)
        self.down = nn.Linear(hidden, width, bias=bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the first weights."""
        for linear in (self.up, self.down):
            parts = torch.split(linear.weight, self.hidden) if linear is self.up else (linear.weight,)
            for part in parts:
                nn.init.xavier_uniform_(part)
            if linear.bias is not None:
                nn.init.zeros_(linear.bias)

    def forward(self, x_BLD: Tensor) -> Tensor:
        """Return (B, L, D)."""
        out_BLD: Tensor = self.down(self.activation(self.up(x_BLD)))
        return out_BLD
