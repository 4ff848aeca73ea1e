"""What a decoder or an encoder remembers between steps, so that each step costs the new tokens alone."""

from __future__ import annotations

import torch
from torch import Tensor

from .convolution import Convolution

# Shapes: B batch, H heads, M keys, E head width.


class KeyValue:
    """Keys and values (B, H, M, E) of one attention layer; empty at first."""

    def __init__(self) -> None:
        self.key_BHME: Tensor | None = None
        self.value_BHME: Tensor | None = None

    @property
    def length(self) -> int:
        """The number of keys held."""
        return 0 if self.key_BHME is None else self.key_BHME.shape[2]

    def append(self, key_BHLE: Tensor, value_BHLE: Tensor) -> tuple[Tensor, Tensor]:
        """Add the keys and values of new tokens; return all."""
        if self.key_BHME is not None and self.value_BHME is not None:
            key_BHLE = torch.cat([self.key_BHME, key_BHLE], dim=2)
            value_BHLE = torch.cat([self.value_BHME, value_BHLE], dim=2)
        # Each head by itself: what is read at every step is read a third faster so.
        self.key_BHME, self.value_BHME = key_BHLE.contiguous(), value_BHLE.contiguous()
        return self.key_BHME, self.value_BHME

    def keep_last(self, most: int) -> None:
        """Forget all but the last keys."""
        if self.key_BHME is not None and self.value_BHME is not None:
            self.key_BHME, self.value_BHME = self.key_BHME[:, :, -most:], self.value_BHME[:, :, -most:]

    def take(self, rows_B: Tensor) -> None:
        """Keep the given rows, in the given order."""
        if self.key_BHME is not None and self.value_BHME is not None:
            self.key_BHME, self.value_BHME = self.key_BHME[rows_B], self.value_BHME[rows_B]


class LayerCache:
    """The memory of one decoder layer: its self-attention, which grows, and its cross-attention."""

    def __init__(self) -> None:
        self.own = KeyValue()
        self.memory = KeyValue()


class DecoderCache:
    """The memory of a decoder between steps; give a fresh one with the first step of each generation.

    >>> cache = DecoderCache(num_layers=2)
    >>> cache.length
    0
    """

    def __init__(self, num_layers: int):
        self.layers = [LayerCache() for _ in range(num_layers)]

    @property
    def length(self) -> int:
        """The number of tokens seen so far."""
        return self.layers[0].own.length

    def take(self, rows_B: Tensor) -> None:
        """Keep the given rows, in the given order, as beam search does with its hypotheses."""
        for layer in self.layers:
            layer.own.take(rows_B)
            layer.memory.take(rows_B)


class EncoderLayerCache:
    """The memory of one encoder layer: its keys and values, and the last tokens before a convolution."""

    def __init__(self) -> None:
        self.own = KeyValue()
        self.before_BKD: Tensor | None = None

    def convolve(self, convolution: Convolution, x_BLD: Tensor) -> Tensor:
        """Return what a convolution that looks back gives for the next tokens."""
        h_BLD = convolution.gated(x_BLD)
        if self.before_BKD is None:
            self.before_BKD = h_BLD.new_zeros(len(h_BLD), convolution.kernel - 1, h_BLD.shape[2])
        out_BLD = convolution.mix(h_BLD, before_BKD=self.before_BKD)
        all_BLD = torch.cat([self.before_BKD, h_BLD], dim=1)
        self.before_BKD = all_BLD[:, all_BLD.shape[1] - convolution.kernel + 1 :]
        return out_BLD


class EncoderCache:
    """The memory of an encoder that is given its tokens chunk by chunk; `length` tokens it has seen.

    >>> EncoderCache(num_layers=2).length
    0
    """

    def __init__(self, num_layers: int):
        self.layers = [EncoderLayerCache() for _ in range(num_layers)]
        self.length = 0
