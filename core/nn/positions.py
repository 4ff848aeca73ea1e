"""How tokens know their places: learned, sinusoidal and rotary positions."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..errors import SettingsConflict, TooLarge

# Shapes: B batch, L length, D width, H heads, E head width.

Rotation = tuple[Tensor, Tensor]
"""The cosines and sines (B or 1, 1, L, E / 2) of rotary positions."""


class LearnedPositions(nn.Module):
    """Add a learned vector for each of `max_length` places (Gehring et al., 2017; BERT, ViT).

    The first `first` rows of the table belong to no place (RoBERTa keeps 2: one for padding, one unused).
    """

    def __init__(self, max_length: int, width: int, first: int = 0) -> None:
        super().__init__()
        self.first = first
        self.table = nn.Embedding(first + max_length, width)
        nn.init.trunc_normal_(self.table.weight, std=0.02)

    def forward(self, x_BLD: Tensor, positions_BL: Tensor | None = None, offset: int = 0) -> Tensor:
        """Return `x_BLD` plus its positions: `offset`, `offset + 1`, … unless `positions_BL` names them."""
        if positions_BL is not None:
            out_BLD: Tensor = x_BLD + self.table(positions_BL + self.first)
            return out_BLD
        end, most = offset + x_BLD.shape[1], self.table.num_embeddings - self.first
        if end > most:
            raise TooLarge(f"a sequence of {end} tokens is longer than max_length ({most}); cut it or raise max_length")
        return x_BLD + self.table.weight[self.first + offset : self.first + end]


class SinusoidalPositions(nn.Module):
    """Add sines and cosines of geometrically spaced wavelengths (Vaswani et al., 2017, section 3.5).

    It holds no weights, and no table: they are worked out for the places that come, up to any of an endless stream.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        if width % 2:
            raise SettingsConflict(f"width ({width}) must be even for sinusoidal positions")

    def forward(self, x_BLD: Tensor, positions_BL: Tensor | None = None, offset: int = 0) -> Tensor:
        """Return `x_BLD` plus its positions: `offset`, `offset + 1`, … unless `positions_BL` names them."""
        places = positions_BL
        if places is None:
            places = torch.arange(offset, offset + x_BLD.shape[1], device=x_BLD.device)
        return x_BLD + _sines(places, x_BLD.shape[2])


def sinusoids(length: int, width: int) -> Tensor:
    """Return the table (L, D): sin(p / 10000^(2i/D)) in column 2i, the cosine in column 2i + 1.

    >>> sinusoids(2, 4)[0].tolist()
    [0.0, 1.0, 0.0, 1.0]
    """
    return _sines(torch.arange(length), width)


def _sines(places: Tensor, width: int) -> Tensor:
    angles = places[..., None] * _frequencies(width, places.device)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)


class Rotary(nn.Module):
    """Turn queries and keys by angles that grow with the position (Su et al., "RoFormer", 2021).

    Their products then depend on the distance of two tokens alone. Component i turns together with component
    i + E/2.
    """

    def __init__(self, head_width: int) -> None:
        super().__init__()
        if head_width % 2:
            raise SettingsConflict(f"head width ({head_width}) must be even for rotary positions")
        self.head_width = head_width

    def forward(self, positions: Tensor) -> Rotation:
        """Return the rotation for positions (L) or (B, L); one for all layers of an encoder."""
        angles = positions[..., None, :, None] * _frequencies(self.head_width, positions.device)
        return angles.cos(), angles.sin()


def rotate(x_BHLE: Tensor, rotation: Rotation) -> Tensor:
    """Turn queries or keys (B, H, L, E); the result has their type."""
    cos, sin = (part.to(x_BHLE.dtype) for part in rotation)
    first, second = x_BHLE.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


def _frequencies(width: int, device: torch.device | None = None) -> Tensor:
    return 10000.0 ** (-torch.arange(0, width, 2, device=device, dtype=torch.float32) / width)
