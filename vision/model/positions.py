"""Where the tokens of an image are: by row and column, and what becomes of it at another size."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ...core.nn import sinusoids
from .config import ViTConfig

# Shapes: S tokens in a row, L tokens, D width of the model.


def grid_positions(config: ViTConfig) -> Tensor:
    """Return the sines and cosines of each token's row and of its column (L, D), where learned positions begin.

    A model that begins there need not learn from nothing which patches are neighbours (Beyer et al., 2022). Class
    tokens have zeros.
    """
    axis_SD = sinusoids(config.side, config.encoder.width // 2)
    grid_LD = torch.cat([axis_SD.repeat_interleave(config.side, 0), axis_SD.repeat(config.side, 1)], dim=1)
    return torch.cat([grid_LD.new_zeros(config.extra_tokens, config.encoder.width), grid_LD])


def resized_positions(table_LD: Tensor, extra_tokens: int, side: int) -> Tensor:
    """Return learned positions for another number of tokens in a row, bicubically as timm resamples them.

    >>> resized_positions(torch.zeros(1 + 4, 8), 1, 3).shape
    torch.Size([10, 8])
    """
    extra_LD, grid_LD = table_LD[:extra_tokens], table_LD[extra_tokens:]
    old = round(len(grid_LD) ** 0.5)
    if old == side:
        return table_LD
    grid_DSS = grid_LD.float().reshape(1, old, old, -1).permute(0, 3, 1, 2)
    resized = F.interpolate(grid_DSS, size=(side, side), mode="bicubic", antialias=True)
    return torch.cat([extra_LD, resized[0].flatten(1).T.to(table_LD.dtype)])
