"""The speech recogniser: convolutions over log-mel frames, core encoder, CTC head and attention decoder."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ...core.batch import Batch
from ...core.errors import BadValue, SettingsConflict
from ...core.nn import Decoder, DecoderCache, Dropout, Encoder, EncoderCache, SinusoidalPositions, TransformerConfig
from ..data import BOS
from .subsampling import Subsampling, SubsamplingState, keep_mask

# Shapes: B batch, L frames, M mels, T encoder steps, D width, S target length, V vocabulary.


@dataclass(frozen=True, kw_only=True)
class SpeechModelConfig:
    """The shape of a speech recogniser; the decoder helps to train the encoder, and can transcribe too.

    `kernel` is the width of the two convolutions. `dropout` acts on what enters encoder and decoder.

    With a `chunk` of so many seconds the encoder hears a recording chunk by chunk, as a stream gives it: each sees
    itself and `left` chunks before, in training as afterwards. 0: it hears the whole. A `left` of 0 is all chunks
    before; in a stream, which has no end, those of the last `features.audio.longest` seconds (or of `decoding.piece`,
    where that is longer). With `random_chunks` it learns chunks of all lengths up to this, and wholes (dynamic chunk
    training; Zhang et al., "Unified streaming and non-streaming two-pass end-to-end model for speech recognition",
    2020).
    """

    encoder: TransformerConfig = field(default_factory=lambda: TransformerConfig(rotary=True))
    decoder: TransformerConfig = field(default_factory=lambda: TransformerConfig(num_layers=2))
    kernel: int = 3
    dropout: float = 0.1
    chunk: float = 0.0
    left: int = 8
    random_chunks: bool = False

    def __post_init__(self) -> None:
        if self.chunk < 0:
            raise BadValue(f"model.chunk ({self.chunk}) must be 0 (the whole) or above: a number of seconds")
        if self.left < 0:
            raise BadValue(f"model.left ({self.left}) must be 0 (all) or above: a number of chunks")
        if self.random_chunks and not self.chunk:
            raise SettingsConflict("model.random_chunks: say how long chunks are at most with model.chunk, in seconds")
        if self.encoder.width != self.decoder.width:
            raise SettingsConflict(
                f"model.encoder.width ({self.encoder.width}) and model.decoder.width ({self.decoder.width}) "
                "must be the same"
            )
        if self.kernel < 3 or self.kernel % 2 == 0:
            raise BadValue(f"model.kernel ({self.kernel}) must be odd and 3 or more")
        if not 0 <= self.dropout < 1:
            raise BadValue(f"model.dropout ({self.dropout}) must lie in [0, 1)")


class SpeechOutput(NamedTuple):
    """The encoder's steps (B, T, D), `length` (B,) of them real, their CTC logits, and the decoder's or None.

    `early` are CTC logits of the convolutions alone, None where they have no head of their own.
    """

    memory: Tensor
    ctc: Tensor
    length: Tensor
    decoder: Tensor | None
    early: Tensor | None = None


@dataclass
class ModelState:
    """What a model keeps of a stream: `steps` that the convolutions gave, those that wait for their chunk to fill.

    The encoder keeps `left` chunks (0: all).
    """

    stem: SubsamplingState
    encoder: EncoderCache
    left: int
    steps: int = 0
    waiting: Tensor | None = None


class SpeechModel(nn.Module):
    """A hybrid CTC and attention model (Watanabe et al., 2017) on the core Transformer.

    `mels`, `vocab_size` and `subsampling` are those of the features, `chunk` is that of the settings in steps. With
    `early` the convolutions have a CTC head of their own (as layers have in Lee and Watanabe, "Intermediate loss
    regularization for CTC-based speech recognition", 2021).
    """

    def __init__(
        self,
        config: SpeechModelConfig,
        *,
        mels: int,
        vocab_size: int,
        subsampling: int,
        early: bool = False,
        chunk: int = 0,
    ) -> None:
        super().__init__()
        width = config.encoder.width
        self.config, self.chunk = config, chunk
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
        keep_BT, chunk = keep_mask(length_B, x_BTD.shape[1]), self._chunk(x_BTD.shape[1])
        x_BTD = self.dropout(x_BTD)
        if chunk:
            memory_BTD = self.encoder.in_chunks(x_BTD, keep_BT, chunk=chunk, history=self.config.left)
        else:
            memory_BTD = self.encoder(x_BTD, keep_BT)
        return memory_BTD, length_B, early_BTD

    def _chunk(self, steps: int) -> int:
        """Return the steps of a chunk; in training with random ones half of the batches are heard whole."""
        if not (self.training and self.config.random_chunks):
            return self.chunk
        # torch's generator on the processor, which the trainer sets anew at each step
        whole, size = torch.randint(2, ()).item(), int(torch.randint(1, self.chunk + 1, ()).item())
        return steps if whole else size

    def begin(self, most: int = 0) -> ModelState:
        """Return the state before the first frame of a stream; of all chunks it keeps `most` (0: all)."""
        return ModelState(self.subsampling.begin(), EncoderCache(len(self.encoder.layers)), self.config.left or most)

    def following(self, frames_BLM: Tensor, state: ModelState, *, last: bool = False) -> Tensor:
        """Return the encoder's steps (B, T, D), whole chunks, that the next frames complete; all with the `last`.

        Together they are what `encode` gives of the whole, which a model of chunks alone can.
        """
        x_BTD = self.subsampling.following(frames_BLM, state.stem, last=last)
        if self.encoder_positions is not None:
            x_BTD = self.encoder_positions(x_BTD, offset=state.steps)
        state.steps += x_BTD.shape[1]
        x_BTD = x_BTD if state.waiting is None else torch.cat([state.waiting, x_BTD], dim=1)
        ready = x_BTD.shape[1] if last else x_BTD.shape[1] // self.chunk * self.chunk
        state.waiting = x_BTD[:, ready:]
        heard = [
            self.encoder.following(part_BTD, state.encoder, chunk=self.chunk, history=state.left)
            for part_BTD in torch.split(x_BTD[:, :ready], self.chunk, dim=1)
            if part_BTD.shape[1]
        ]
        return torch.cat(heard, dim=1) if heard else x_BTD[:, :0]

    def decode(self, ids_BS: Tensor, memory_BTD: Tensor, length_B: Tensor, cache: DecoderCache | None = None) -> Tensor:
        """Return the logits (B, S, V) of what follows each id; with a `cache`, `ids_BS` are the new ids."""
        x_BSD = self.units(ids_BS)
        if self.decoder_positions is not None:
            x_BSD = self.decoder_positions(x_BSD, offset=0 if cache is None else cache.length)
        keep_BT = keep_mask(length_B, memory_BTD.shape[1])
        x_BSD = self.decoder(self.dropout(x_BSD), memory_BTD, memory_keep_BM=keep_BT, cache=cache)
        logits_BSV: Tensor = self.head(x_BSD)
        return logits_BSV
