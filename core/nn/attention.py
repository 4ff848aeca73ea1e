"""Multi-head attention (Vaswani et al., "Attention Is All You Need", 2017, section 3.2)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import SettingsConflict
from .cache import KeyValue
from .dropout import dropout
from .masks import causal_mask
from .positions import Rotation, rotate

# Shapes: B batch, L queries, M keys, D width, H heads, E head width.


class MultiHeadAttention(nn.Module):
    """Attention of several heads, to the same sequence or (`cross=True`) to another one, the memory.

    Self-attention projects queries, keys and values in one product. Weights start by Glorot's uniform rule,
    each projection by itself: the scale follows the width, which a fixed deviation of 0.02 (tuned for widths
    near 768) does not.

    >>> attention = MultiHeadAttention(16, 4).eval()
    >>> out_BLD, weights_BHLM = attention(torch.zeros(2, 5, 16), need_weights=True)
    >>> out_BLD.shape, weights_BHLM.shape
    (torch.Size([2, 5, 16]), torch.Size([2, 4, 5, 5]))
    """

    def __init__(
        self, width: int, num_heads: int, dropout: float = 0.0, bias: bool = True, *, cross: bool = False
    ) -> None:
        super().__init__()
        if width % num_heads:
            raise SettingsConflict(f"width ({width}) must be divisible by num_heads ({num_heads})")
        self.width, self.num_heads, self.dropout, self.cross = width, num_heads, dropout, cross
        if cross:
            self.query = nn.Linear(width, width, bias=bias)
            self.key_value = nn.Linear(width, 2 * width, bias=bias)
        else:
            self.qkv = nn.Linear(width, 3 * width, bias=bias)
        self.out = nn.Linear(width, width, bias=bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the first weights."""
        for linear in self.children():
            assert isinstance(linear, nn.Linear)
            for projection in torch.split(linear.weight, self.width):
                nn.init.xavier_uniform_(projection)
            if linear.bias is not None:
                nn.init.zeros_(linear.bias)

    def forward(
        self,
        x_BLD: Tensor,
        memory_BMD: Tensor | None = None,
        mask: Tensor | None = None,
        causal: bool = False,
        rotation: Rotation | None = None,
        cache: KeyValue | None = None,
        need_weights: bool = False,
        first: int | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Return the output (B, L, D) and, if asked, the weights (B, H, L, M), each row of which sums to one.

        `mask` is boolean, True where attention is allowed, and broadcasts to (B, H, L, M); `causal` is for
        the case that needs no other mask. `rotation` turns queries and keys (rotary positions). `cache` holds
        the keys and values of earlier steps; that of cross-attention is filled once, and the memory is not
        read again. With `first` only so many queries of each row are answered; the weights are still whole.
        """
        query_BHLE, key_BHME, value_BHME = self._project(x_BLD, memory_BMD, rotation, cache)
        rate = self.dropout if self.training else 0.0
        weights_BHLM = None
        products = need_weights or _products_are_faster(query_BHLE, rate)
        if products and causal:
            mask = causal_mask(query_BHLE.shape[2], key_BHME.shape[2], x_BLD.device)
        if first is not None and not need_weights:
            query_BHLE, mask = query_BHLE[:, :, :first], _of_first(mask, first)
        if products:
            weights_BHLM = _weights(query_BHLE, key_BHME, mask)
            dropped_BHLM = dropout(weights_BHLM, rate)
            out_BHLE = dropped_BHLM @ value_BHME
        else:
            out_BHLE = F.scaled_dot_product_attention(
                query_BHLE, key_BHME, value_BHME, attn_mask=mask, dropout_p=rate, is_causal=causal
            )
        return self.out(out_BHLE[:, :, :first].transpose(1, 2).flatten(2)), weights_BHLM

    def _project(
        self, x_BLD: Tensor, memory_BMD: Tensor | None, rotation: Rotation | None, cache: KeyValue | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        if self.cross:
            (query,) = self._heads(self.query(x_BLD))
            if cache is not None and cache.key_BHME is not None and cache.value_BHME is not None:
                return query, cache.key_BHME, cache.value_BHME
            key, value = self._heads(self.key_value(memory_BMD))
        else:
            query, key, value = self._heads(self.qkv(x_BLD))
        if rotation is not None:
            query, key = rotate(query, rotation), rotate(key, rotation)
        if cache is not None:
            key, value = cache.append(key, value)
        return query, key, value

    def _heads(self, x_BLF: Tensor) -> tuple[Tensor, ...]:
        """Split (B, L, n × D) into n tensors (B, H, L, E), as views."""
        x_BLnHE = x_BLF.view(*x_BLF.shape[:2], -1, self.num_heads, self.width // self.num_heads)
        return x_BLnHE.permute(2, 0, 3, 1, 4).unbind(0)


def _weights(query_BHLE: Tensor, key_BHME: Tensor, mask: Tensor | None) -> Tensor:
    scores_BHLM = (query_BHLE / math.sqrt(query_BHLE.shape[-1])) @ key_BHME.transpose(-1, -2)
    if mask is not None:
        scores_BHLM = scores_BHLM.masked_fill(~mask, -math.inf)
    return scores_BHLM.softmax(-1)


def _of_first(mask: Tensor | None, first: int) -> Tensor | None:
    """Return the part of a mask (…, L or 1, M) that concerns the first queries."""
    return mask if mask is None or mask.shape[-2] == 1 else mask[..., :first, :]


def _products_are_faster(query: Tensor, rate: float) -> bool:
    """Say whether two matrix products beat torch's own attention: on a processor, with dropout or in bfloat16.

    Torch's fused kernel knows no dropout there. Its backward pass in bfloat16 is 2 to 9 times slower for rows of up to
    512 tokens (torch 2.14); elsewhere it is as fast or faster, and saves memory.
    """
    if query.device.type != "cpu" or not torch.is_grad_enabled():
        return False
    if rate:
        return True
    mixed = torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") == torch.bfloat16
    return mixed or query.dtype == torch.bfloat16


@contextmanager
def record_attention(model: nn.Module) -> Iterator[list[Tensor]]:
    """Collect the weights (B, H, L, M) of every attention layer of `model`, in the order in which they run.

    >>> attention = nn.Sequential(MultiHeadAttention(16, 4))
    >>> with record_attention(attention) as weights:
    ...     _ = attention(torch.zeros(2, 5, 16))
    >>> [tuple(layer_BHLM.shape) for layer_BHLM in weights]
    [(2, 4, 5, 5)]
    """
    found: list[Tensor] = []

    def ask(_: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        return args, named | {"need_weights": True}

    def note(_: nn.Module, args: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        found.append(output[1].detach())

    layers = [module for module in model.modules() if isinstance(module, MultiHeadAttention)]
    handles = [layer.register_forward_pre_hook(ask, with_kwargs=True) for layer in layers]
    handles += [layer.register_forward_hook(note) for layer in layers]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()
