"""What a decoder remembers between steps, so that each step costs one token."""

from __future__ import annotations

import torch
from torch import Tensor

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
        self.key_BHME, self.value_BHME = key_BHLE, value_BHLE
        return key_BHLE, value_BHLE

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
