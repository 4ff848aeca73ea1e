"""The encoder and the decoder that every domain shares."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .cache import DecoderCache
from .config import TransformerConfig
from .layers import DecoderLayer, EncoderLayer, make_norm
from .masks import padding_mask, self_mask
from .positions import Rotary

# Shapes: B batch, L length, M memory length, D width.


class Encoder(nn.Module):
    """A stack of `EncoderLayer`s: tokens look at all, at earlier ones, or at those of their packed row.

    >>> encoder = Encoder(TransformerConfig(width=16, num_layers=2))
    >>> x_BLD, keep_BL = torch.zeros(2, 5, 16), torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    >>> encoder(x_BLD, keep_BL).shape
    torch.Size([2, 5, 16])
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.ModuleList(EncoderLayer(config, rate) for rate in _drop_paths(config))
        self.norm = make_norm(config) if config.pre_norm and config.final_norm else nn.Identity()
        self.rotary = Rotary(config.head_width) if config.rotary else None

    def forward(
        self,
        x_BLD: Tensor,
        keep_BL: Tensor | None = None,
        *,
        causal: bool = False,
        segments_BL: Tensor | None = None,
        positions_BL: Tensor | None = None,
        first: int | None = None,
    ) -> Tensor:
        """Return (B, L, D); what it holds at padding has no meaning.

        `keep_BL` is True at real tokens; None (no padding) is faster. `segments_BL` numbers the rows packed
        into each row: tokens look at their own number only. `positions_BL` are the rotary positions, 0, 1, …
        unless given. With `first`, only so many tokens of each row leave, such as the one that stands for the
        row: the last layer then computes nothing for the others.
        """
        length = x_BLD.shape[1]
        mask, is_causal = self_mask(keep_BL, length, length, causal=causal, segments_BL=segments_BL)
        rotation = None
        if self.rotary is not None:
            positions = torch.arange(length, device=x_BLD.device) if positions_BL is None else positions_BL
            rotation = self.rotary(positions)
        last = len(self.layers) - 1
        for number, layer in enumerate(self.layers):
            x_BLD = layer(x_BLD, mask, is_causal, rotation, first if number == last else None)
        out_BLD: Tensor = self.norm(x_BLD)
        return out_BLD


class Decoder(nn.Module):
    """A stack of `DecoderLayer`s: tokens look at earlier ones and at the encoder's output, the memory.

    >>> decoder = Decoder(TransformerConfig(width=16, num_layers=2)).eval()
    >>> x_BLD, memory_BMD, cache = torch.randn(1, 3, 16), torch.randn(1, 7, 16), DecoderCache(2)
    >>> steps = [decoder(x_BLD[:, i : i + 1], memory_BMD, cache=cache) for i in range(3)]
    >>> torch.allclose(torch.cat(steps, 1), decoder(x_BLD, memory_BMD), atol=1e-5)
    True
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.ModuleList(DecoderLayer(config, rate) for rate in _drop_paths(config))
        self.norm = make_norm(config) if config.pre_norm and config.final_norm else nn.Identity()
        self.rotary = Rotary(config.head_width) if config.rotary else None

    def forward(
        self,
        x_BLD: Tensor,
        memory_BMD: Tensor,
        keep_BL: Tensor | None = None,
        memory_keep_BM: Tensor | None = None,
        cache: DecoderCache | None = None,
    ) -> Tensor:
        """Return (B, L, D).

        Padding at the end of `x_BLD` needs no `keep_BL`: no token looks forward. With a `cache`, `x_BLD`
        holds the new tokens only, `keep_BL` (if any) covers the earlier ones too, and the memory is read in
        the first step alone.
        """
        length, seen = x_BLD.shape[1], 0 if cache is None else cache.length
        mask, is_causal = self_mask(keep_BL, length, seen + length, causal=True)
        memory_mask = None if memory_keep_BM is None else padding_mask(memory_keep_BM)
        rotation = None
        if self.rotary is not None:
            rotation = self.rotary(torch.arange(seen, seen + length, device=x_BLD.device))
        for number, layer in enumerate(self.layers):
            layer_cache = None if cache is None else cache.layers[number]
            x_BLD = layer(x_BLD, memory_BMD, mask, memory_mask, is_causal, rotation, layer_cache)
        out_BLD: Tensor = self.norm(x_BLD)
        return out_BLD


def _drop_paths(config: TransformerConfig) -> list[float]:
    """The rates of stochastic depth, from 0 at the first layer to `drop_path` at the last."""
    return torch.linspace(0, config.drop_path, config.num_layers, device="cpu").tolist()  # also in a meta device
