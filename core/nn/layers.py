"""One layer of an encoder or a decoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .attention import MultiHeadAttention
from .cache import EncoderLayerCache, LayerCache
from .config import TransformerConfig
from .convolution import Convolution
from .dropout import Dropout
from .feedforward import FeedForward
from .norm import make_norm
from .positions import Rotation

# Shapes: B batch, L length, M memory length, D width.


class DropPath(nn.Module):
    """Leave a residual branch out for a whole row with probability `rate`.

    This is stochastic depth (Huang et al., 2016). What is kept grows by 1 / (1 − rate), so that the
    expectation is the same as without. Packed rows fall together.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x_BLD: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x_BLD
        scale_B11 = x_BLD.new_empty(len(x_BLD), 1, 1).bernoulli_(1 - self.rate) / (1 - self.rate)
        return x_BLD * scale_B11


class Residual(nn.Module):
    """The sum around a sublayer, with its norm: x + f(norm(x)), or (post-norm) norm(x + f(x))."""

    def __init__(self, config: TransformerConfig, drop_path: float) -> None:
        super().__init__()
        self.pre_norm = config.pre_norm
        self.norm = make_norm(config)
        self.dropout = Dropout(config.dropout)
        self.drop_path = DropPath(drop_path)

    def forward(self, x_BLD: Tensor, sublayer: Callable[[Tensor], Tensor]) -> Tensor:
        branch_BLD = sublayer(self.norm(x_BLD) if self.pre_norm else x_BLD)
        if branch_BLD.shape[1] < x_BLD.shape[1]:  # attention answered the first tokens only
            x_BLD = x_BLD[:, : branch_BLD.shape[1]]
        sum_BLD: Tensor = x_BLD + self.drop_path(self.dropout(branch_BLD))
        return sum_BLD if self.pre_norm else self.norm(sum_BLD)


class Sight(NamedTuple):
    """What the tokens of an encoder see of one another, the same in all its layers.

    `mask`, `causal` and `rotation` are those of `MultiHeadAttention`; `keep_BL` is True at real tokens (None: all
    are). With `back` a convolution sees earlier tokens alone.
    """

    mask: Tensor | None = None
    causal: bool = False
    rotation: Rotation | None = None
    keep_BL: Tensor | None = None
    back: bool = False


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward (Vaswani et al., 2017; pre-norm: Xiong et al., 2020).

    Where the configuration has a convolution, it stands between them, as in a Conformer (Gulati et al., 2020).

    >>> layer = EncoderLayer(TransformerConfig(width=16, num_heads=4))
    >>> layer(torch.zeros(2, 5, 16)).shape
    torch.Size([2, 5, 16])
    """

    def __init__(self, config: TransformerConfig, drop_path: float = 0.0) -> None:
        super().__init__()
        self.checkpoint = config.checkpoint
        self.attention = MultiHeadAttention(config.width, config.num_heads, config.attention_dropout, config.bias)
        self.attention_residual = Residual(config, drop_path)
        self.convolution = Convolution(config) if config.convolution else None
        self.convolution_residual = Residual(config, drop_path) if config.convolution else None
        self.feedforward = FeedForward(config.width, config.hidden_width, config.activation, config.bias)
        self.feedforward_residual = Residual(config, drop_path)

    def forward(
        self,
        x_BLD: Tensor,
        sight: Sight | None = None,
        first: int | None = None,
        cache: EncoderLayerCache | None = None,
    ) -> Tensor:
        """Return (B, L, D), L no more than `first`; a cache, of the tokens before, is for inference."""
        if self.checkpoint and cache is None and torch.is_grad_enabled():
            # Inside the layer, so that FSDP gathers its weights around both passes.
            out_BLD: Tensor = checkpoint(self._run, x_BLD, sight or Sight(), first, None, use_reentrant=False)
            return out_BLD
        return self._run(x_BLD, sight or Sight(), first, cache)

    def _run(self, x_BLD: Tensor, sight: Sight, first: int | None, cache: EncoderLayerCache | None) -> Tensor:
        mask, causal, rotation, keep_BL, back = sight
        answered = first if self.convolution is None else None
        own = None if cache is None else cache.own

        def attend(h_BLD: Tensor) -> Tensor:
            out_BLD: Tensor = self.attention(
                h_BLD, mask=mask, causal=causal, rotation=rotation, cache=own, first=answered
            )[0]
            return out_BLD

        def convolve(h_BLD: Tensor) -> Tensor:
            assert self.convolution is not None
            if cache is None:
                out_BLD: Tensor = self.convolution(h_BLD, keep_BL, back)
                return out_BLD
            return cache.convolve(self.convolution, h_BLD)

        x_BLD = self.attention_residual(x_BLD, attend)
        if self.convolution_residual is not None:
            x_BLD = self.convolution_residual(x_BLD, convolve)[:, :first]
        out_BLD: Tensor = self.feedforward_residual(x_BLD, self.feedforward)
        return out_BLD


class DecoderLayer(nn.Module):
    """Causal self-attention, attention to the memory, and feed-forward (Vaswani et al., 2017)."""

    def __init__(self, config: TransformerConfig, drop_path: float = 0.0) -> None:
        super().__init__()
        width, num_heads, dropout = config.width, config.num_heads, config.attention_dropout
        self.checkpoint = config.checkpoint
        self.attention = MultiHeadAttention(width, num_heads, dropout, config.bias)
        self.attention_residual = Residual(config, drop_path)
        self.cross = MultiHeadAttention(width, num_heads, dropout, config.bias, cross=True)
        self.cross_residual = Residual(config, drop_path)
        self.feedforward = FeedForward(width, config.hidden_width, config.activation, config.bias)
        self.feedforward_residual = Residual(config, drop_path)

    def forward(
        self,
        x_BLD: Tensor,
        memory_BMD: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        causal: bool = False,
        rotation: Rotation | None = None,
        cache: LayerCache | None = None,
    ) -> Tensor:
        """Return (B, L, D); a cache is for inference, where nothing is recomputed."""
        arguments = (x_BLD, memory_BMD, mask, memory_mask, causal, rotation)
        if self.checkpoint and cache is None and torch.is_grad_enabled():
            out_BLD: Tensor = checkpoint(self._run, *arguments, None, use_reentrant=False)
            return out_BLD
        return self._run(*arguments, cache)

    def _run(
        self,
        x_BLD: Tensor,
        memory_BMD: Tensor,
        mask: Tensor | None,
        memory_mask: Tensor | None,
        causal: bool,
        rotation: Rotation | None,
        cache: LayerCache | None,
    ) -> Tensor:
        own, memory = (cache.own, cache.memory) if cache is not None else (None, None)

        def attend(h_BLD: Tensor) -> Tensor:
            out_BLD: Tensor = self.attention(h_BLD, mask=mask, causal=causal, rotation=rotation, cache=own)[0]
            return out_BLD

        def look(h_BLD: Tensor) -> Tensor:
            out_BLD: Tensor = self.cross(h_BLD, memory_BMD, mask=memory_mask, cache=memory)[0]
            return out_BLD

        x_BLD = self.attention_residual(x_BLD, attend)
        x_BLD = self.cross_residual(x_BLD, look)
        out_BLD: Tensor = self.feedforward_residual(x_BLD, self.feedforward)
        return out_BLD
