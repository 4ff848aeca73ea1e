"""The convolution of a Conformer block (Gulati et al., "Conformer", 2020, section 2.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .config import TransformerConfig
from .norm import make_norm

# Shapes: B batch, L length, D width.


class Convolution(nn.Module):
    """A gated projection, a convolution over each channel by itself, a norm, SiLU, and a projection.

    The norm is the encoder's own, not the paper's batch norm: what a row gives does not depend on the rows beside it.
    A `causal` one sees its token and the `kernel` − 1 before.

    >>> convolution = Convolution(TransformerConfig(width=16, convolution=5))
    >>> convolution(torch.zeros(2, 7, 16)).shape
    torch.Size([2, 7, 16])
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.kernel = config.convolution
        self.gate = nn.Linear(config.width, 2 * config.width, bias=config.bias)
        self.depthwise = nn.Conv1d(
            config.width, config.width, config.convolution, groups=config.width, bias=config.bias
        )
        self.norm = make_norm(config)
        self.out = nn.Linear(config.width, config.width, bias=config.bias)

    def forward(
        self,
        x_BLD: Tensor,
        keep_BL: Tensor | None = None,
        causal: bool = False,
        before_BKD: Tensor | None = None,
    ) -> Tensor:
        """Return (B, L, D); padding, where `keep_BL` is False, counts as zeros.

        `before_BKD` are the gated tokens before the first, which stand for zeros otherwise.
        """
        return self.mix(self.gated(x_BLD, keep_BL), causal, before_BKD)

    def gated(self, x_BLD: Tensor, keep_BL: Tensor | None = None) -> Tensor:
        """Return what is convolved (B, L, D)."""
        h_BLD = F.glu(self.gate(x_BLD), dim=-1)
        return h_BLD if keep_BL is None else h_BLD * keep_BL[:, :, None]

    def mix(self, h_BLD: Tensor, causal: bool = False, before_BKD: Tensor | None = None) -> Tensor:
        """Return (B, L, D) of gated tokens."""
        if before_BKD is not None:
            h_BLD, sides = torch.cat([before_BKD, h_BLD], dim=1), (0, 0)
        else:
            sides = (self.kernel - 1, 0) if causal else ((self.kernel - 1) // 2, self.kernel // 2)
        # As an image of one row, whose channels lie last: on a processor twice as fast as one dimension.
        h_BD1L = F.pad(h_BLD, (0, 0, *sides)).transpose(1, 2)[:, :, None]
        weight_D11K = self.depthwise.weight[:, :, None]
        mixed_BD1L = F.conv2d(h_BD1L, weight_D11K, self.depthwise.bias, groups=len(weight_D11K))
        out_BLD: Tensor = self.out(F.silu(self.norm(mixed_BD1L[:, :, 0].transpose(1, 2))))
        return out_BLD
