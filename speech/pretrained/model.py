"""Whisper on the core Transformer."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...core.batch import Batch
from ...core.nn import Decoder, DecoderCache, Dropout, Encoder, LearnedPositions
from ..model import Subsampling
from .config import WhisperConfig

# Shapes: B batch, L frames, M mels, T encoder steps, D width, S tokens, V vocabulary.

_FEW = 12
"""So few rows the product with a large table takes twice as long as that of the table with them (MKL, torch 2.14)."""


class WhisperModel(nn.Module):
    """Two convolutions, the core's encoder and decoder, and the table of the tokens as the head (Radford et al., 2022).

    The encoder's positions are sinusoids that are not trained. Whisper's keys have no bias: ours is zero at first, and
    whatever it becomes adds the same to all scores of a query, which the softmax takes away again.

    >>> from fourfold.core.nn import TransformerConfig
    >>> shape = TransformerConfig(width=16, num_layers=1, num_heads=2)
    >>> model = WhisperModel(WhisperConfig(encoder=shape, decoder=shape, mels=8, vocab_size=30, steps=5))
    >>> batch = Batch({"frames": torch.zeros(2, 10, 8), "tokens": torch.tensor([[3, 4, 5], [3, 7, 1]])})
    >>> model(batch).shape
    torch.Size([2, 3, 30])
    """

    def __init__(self, config: WhisperConfig) -> None:
        super().__init__()
        width = config.encoder.width
        self.config = config
        self.subsampling = Subsampling(config.mels, width, kernel=3, factor=2)
        self.encoder_positions = LearnedPositions(config.steps, width)
        if not self.encoder_positions.table.weight.is_meta:  # else there is nothing to fill
            self.encoder_positions.table.weight.data.copy_(sinusoids(config.steps, width))
        self.encoder_positions.requires_grad_(False)
        self.encoder = Encoder(config.encoder)
        self.tokens = nn.Embedding(config.vocab_size, width)
        self.decoder_positions = LearnedPositions(config.max_length, width)
        self.decoder = Decoder(config.decoder)
        self.encoder_dropout, self.decoder_dropout = Dropout(config.encoder.dropout), Dropout(config.decoder.dropout)
        nn.init.trunc_normal_(self.tokens.weight, std=0.02)

    def forward(self, batch: Batch) -> Tensor:
        """Return the logits (B, S, V) of what follows each of `tokens` (B, S), given `frames` (B, L, M)."""
        return self.head(self.decode(batch["tokens"], self.encode(batch["frames"])))

    def encode(self, frames_BLM: Tensor) -> Tensor:
        """Return the encoder's steps (B, T, D) of whole windows."""
        length_B = torch.full((len(frames_BLM),), frames_BLM.shape[1], device=frames_BLM.device)
        x_BTD, _ = self.subsampling(frames_BLM, length_B)
        memory_BTD: Tensor = self.encoder(self.encoder_dropout(self.encoder_positions(x_BTD)))
        return memory_BTD

    def decode(self, tokens_BS: Tensor, memory_BTD: Tensor, cache: DecoderCache | None = None) -> Tensor:
        """Return the decoder's states (B, S, D); with a `cache`, `tokens_BS` are the new ones."""
        offset = 0 if cache is None else cache.length
        x_BSD = self.decoder_positions(self.tokens(tokens_BS), offset=offset)
        out_BSD: Tensor = self.decoder(self.decoder_dropout(x_BSD), memory_BTD, cache=cache)
        return out_BSD

    def head(self, x: Tensor) -> Tensor:
        """Return the logits (…, V) of states (…, D)."""
        if x.device.type == "cpu" and x.ndim == 2 and 3 <= len(x) <= _FEW:
            return (self.tokens.weight @ x.T).T.contiguous()
        return F.linear(x, self.tokens.weight)


def sinusoids(steps: int, width: int) -> Tensor:
    """Return Whisper's positions (T, D): sines in the first half of the columns, cosines in the second.

    >>> sinusoids(2, 4)[0].tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    half = width // 2
    rates = 10000.0 ** (-torch.arange(half, dtype=torch.float32) / max(1, half - 1))
    angles = torch.arange(steps, dtype=torch.float32)[:, None] * rates
    table_TD = torch.cat([angles.sin(), angles.cos()], dim=1)
    return F.pad(table_TD, (0, width - 2 * half))
