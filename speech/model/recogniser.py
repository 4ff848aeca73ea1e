"""The speech recogniser: convolutions over log-mel frames, core encoder, CTC head and attention decoder."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ...core.batch import Batch
from ...core.errors import ConfigError
from ...core.nn import Decoder, DecoderCache, Dropout, Encoder, SinusoidalPositions, TransformerConfig
from ..data import BOS
from .subsampling import Subsampling, keep_mask

# Shapes: B batch, L frames, M mels, T encoder steps, D width, S target length, V vocabulary.


@dataclass(frozen=True, kw_only=True)
class SpeechModelConfig:
    """The shape of a speech recogniser; the decoder helps to train the encoder, and can transcribe too.

    `kernel` is the width of the two convolutions. `dropout` acts on what enters encoder and decoder.
    """

    encoder: TransformerConfig = field(default_factory=lambda: TransformerConfig(rotary=True))
    decoder: TransformerConfig = field(default_factory=lambda: TransformerConfig(num_layers=2))
    kernel: int = 3
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.encoder.width != self.decoder.width:
            raise ConfigError(
                f"model.encoder.width ({self.encoder.width}) and model.decoder.width ({self.decoder.width}) "
                "must be the same"
            )
        if self.kernel < 3 or self.kernel % 2 == 0:
            raise ConfigError(f"model.kernel ({self.kernel}) must be odd and 3 or more")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"model.dropout ({self.dropout}) must lie in [0, 1)")


class SpeechOutput(NamedTuple):
    """The encoder's steps (B, T, D), `length` (B,) of them real, their CTC logits, and the decoder's or None.

    `early` are CTC logits of the convolutions alone, None where they have no head of their own.
    """

    memory: Tensor
    ctc: Tensor
    length: Tensor
    decoder: Tensor | None
    early: Tensor | None = None


class SpeechModel(nn.Module):
    """A hybrid CTC and attention model (Watanabe et al., 2017) on the core Transformer.

    `mels`, `vocab_size` and `subsampling` are those of the features. With `early` the convolutions have a CTC head of
    their own (as layers have in Lee and Watanabe, "Intermediate loss regularization for CTC-based speech recognition",
    2021).
    """

    def __init__(
        self, config: SpeechModelConfig, *, mels: int, vocab_size: int, subsampling: int, early: bool = False
    ) -> None:
        super().__init__()
        width = config.encoder.width
        self.config = config
        self.subsampling = Subsampling(mels, width, config.kernel, subsampling)
        self.encoder_positions = None if config.encoder.rotary else SinusoidalPositions(width)
        self.encoder = Encoder(config.encoder)
        self.ctc = nn.Linear(width, vocab_size)
        self.early = nn.Linear(width, vocab_size) if early else None
        self.units = nn.Embedding(vocab_size, width)
        self.decoder_positions = None if config.decoder.rotary else SinusoidalPositions(width)
        self.decoder = Decoder(config.decoder)
        self.head = nn.Linear(width, vocab_size)
        self.dropout = Dropout(config.dropout)
        nn.init.normal_(self.units.weight)

    def forward(self, batch: Batch) -> SpeechOutput:
        """Return the logits of a batch; the decoder's (teacher forcing) where the batch holds targets."""
        memory_BTD, length_B, early_BTD = self._encode(batch)
        decoder_BSV = early_BTV = None
        if "target" in batch:
            if self.early is not None and early_BTD is not None:
                early_BTV = self.early(early_BTD)
            begin_B1 = torch.full_like(batch["target"][:, :1], BOS)
            decoder_BSV = self.decode(torch.cat([begin_B1, batch["target"]], dim=1), memory_BTD, length_B)
        return SpeechOutput(memory_BTD, self.ctc(memory_BTD), length_B, decoder_BSV, early_BTV)

    def encode(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the encoder's steps (B, T, D) and their numbers (B,); a batch that holds `memory` has them."""
        return self._encode(batch)[:2]

    def _encode(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return what `encode` does, and what the convolutions gave."""
        if "memory" in batch:
            return batch["memory"], batch["length"], None
        early_BTD, length_B = self.subsampling(batch["frames"], batch["length"])
        x_BTD = early_BTD if self.encoder_positions is None else self.encoder_positions(early_BTD)
        memory_BTD = self.encoder(self.dropout(x_BTD), keep_mask(length_B, x_BTD.shape[1]))
        return memory_BTD, length_B, early_BTD

    def decode(self, ids_BS: Tensor, memory_BTD: Tensor, length_B: Tensor, cache: DecoderCache | None = None) -> Tensor:
        """Return the logits (B, S, V) of what follows each id; with a `cache`, `ids_BS` are the new ids."""
        x_BSD = self.units(ids_BS)
        if self.decoder_positions is not None:
            x_BSD = self.decoder_positions(x_BSD, offset=0 if cache is None else cache.length)
        keep_BT = keep_mask(length_B, memory_BTD.shape[1])
        x_BSD = self.decoder(self.dropout(x_BSD), memory_BTD, memory_keep_BM=keep_BT, cache=cache)
        logits_BSV: Tensor = self.head(x_BSD)
        return logits_BSV
