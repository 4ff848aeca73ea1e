"""The encoder and the decoder that every domain shares."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..errors import SettingsConflict
from .cache import DecoderCache, EncoderCache
from .config import TransformerConfig
from .layers import DecoderLayer, EncoderLayer, Sight
from .masks import chunk_mask, padding_mask, self_mask
from .norm import make_norm
from .positions import Rotary, Rotation

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
        row: the last layer then computes nothing for the others. Raises ConfigError where rows are packed beside a
        convolution, which would mix them.
        """
        if segments_BL is not None and self.config.convolution:
            raise SettingsConflict("rows that are packed cannot go through a convolution; leave one of the two out")
        length = x_BLD.shape[1]
        mask, is_causal = self_mask(keep_BL, length, length, causal=causal, segments_BL=segments_BL)
        sight = Sight(mask, is_causal, self._rotation(x_BLD, positions_BL), keep_BL, causal)
        return self._through(x_BLD, sight, first)

    def in_chunks(self, x_BLD: Tensor, keep_BL: Tensor | None = None, *, chunk: int, history: int = 0) -> Tensor:
        """Return (B, L, D), as `following` gives it chunk by chunk; padding is at the end of rows.

        Tokens look at those of their own chunk and of `history` chunks before (0: of all), convolutions back alone.
        """
        mask = chunk_mask(x_BLD.shape[1], chunk, history, keep_BL, x_BLD.device)
        return self._through(x_BLD, Sight(mask, False, self._rotation(x_BLD), keep_BL, True))

    def following(self, x_BLD: Tensor, cache: EncoderCache, *, chunk: int, history: int = 0) -> Tensor:
        """Return (B, L, D) for the next chunk, L tokens, whole unless it is the last; `cache` holds those before."""
        sight = Sight(rotation=self._rotation(x_BLD, offset=cache.length), back=True)
        for number, layer in enumerate(self.layers):
            x_BLD = layer(x_BLD, sight, cache=cache.layers[number])
            if history:
                cache.layers[number].own.keep_last(history * chunk)
        cache.length += x_BLD.shape[1]
        out_BLD: Tensor = self.norm(x_BLD)
        return out_BLD

    def _rotation(self, x_BLD: Tensor, positions_BL: Tensor | None = None, offset: int = 0) -> Rotation | None:
        if self.rotary is None:
            return None
        if positions_BL is None:
            positions_BL = torch.arange(offset, offset + x_BLD.shape[1], device=x_BLD.device)
        rotation: Rotation = self.rotary(positions_BL)
        return rotation

    def _through(self, x_BLD: Tensor, sight: Sight, first: int | None = None) -> Tensor:
        last = len(self.layers) - 1
        for number, layer in enumerate(self.layers):
            x_BLD = layer(x_BLD, sight, first if number == last else None)
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
