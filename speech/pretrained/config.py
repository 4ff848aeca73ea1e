"""The shape of a Whisper, and what it is told to write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ...core.errors import BadValue, SettingsConflict
from ...core.nn import TransformerConfig
from ..audio import AudioConfig

WhisperTaskName = Literal["", "transcribe", "translate"]

RATE = 16000
"""The samples a second that every Whisper hears."""

HOP = 160
"""Samples a frame: 10 ms."""

AUDIO = AudioConfig(sample_rate=RATE, longest=3 * 3600.0)
"""How recordings are read, and the frames of the classical baseline beside a Whisper; it takes three hours at once."""

FRAMES_A_STEP = 2
"""The convolutions make one step of two frames."""


@dataclass(frozen=True, kw_only=True)
class WhisperConfig:
    """The shape of a Whisper (Radford et al., "Robust speech recognition via large-scale weak supervision", 2022).

    `steps` are those of the encoder, 1500 for 30 seconds; `max_length` bounds the tokens of a window, its prompt
    included. `language` ("de"; empty: the model tells from the first window) and `task` ("translate" into English;
    empty: what the model does by itself, mostly "transcribe") are for models of several languages. Without
    `timestamps` a recording that fits into a window is written down in one go, as transformers do.

    Whisper was trained on windows filled with silence, and listens as long to two seconds of speech as to thirty.
    `padding` is the silence in seconds after a shorter recording. Less than 30 is for fine-tuning alone, which it makes
    faster: as it came, tiny.en repeats itself to the end where it hears two seconds of silence (docs/measurements).

    >>> WhisperConfig().window_seconds
    30.0
    """

    encoder: TransformerConfig = field(default_factory=lambda: TransformerConfig(width=384, num_heads=6, dropout=0.0))
    decoder: TransformerConfig = field(default_factory=lambda: TransformerConfig(width=384, num_heads=6, dropout=0.0))
    mels: int = 80
    vocab_size: int = 51865
    steps: int = 1500
    max_length: int = 448
    language: str = ""
    task: WhisperTaskName = ""
    timestamps: bool = False
    padding: float = 30.0

    def __post_init__(self) -> None:
        if self.encoder.width != self.decoder.width:
            raise SettingsConflict(
                f"whisper.encoder.width ({self.encoder.width}) and whisper.decoder.width ({self.decoder.width}) "
                "must be the same"
            )
        for name in ("mels", "vocab_size", "steps", "max_length"):
            if getattr(self, name) < 1:
                raise BadValue(f"whisper.{name} ({getattr(self, name)}) must be 1 or more")
        if self.task not in ("", "transcribe", "translate"):
            raise BadValue(f"whisper.task ('{self.task}') must be transcribe or translate")
        if not self.padding >= 0:
            raise BadValue(f"whisper.padding ({self.padding}) must be 0 seconds or more")

    def heard(self, frames: int) -> int:
        """Return the frames that are heard of a recording with so many: with its silence, in whole seconds, or as it is
        where it is longer than a window.

        >>> WhisperConfig().heard(250), WhisperConfig(padding=1.0).heard(250), WhisperConfig().heard(4000)
        (3000, 400, 4000)
        """
        second = RATE // HOP
        padded = -(-(frames + round(self.padding * second)) // second) * second
        return max(frames, min(self.frames, padded))

    @property
    def frames(self) -> int:
        """The frames of a window."""
        return FRAMES_A_STEP * self.steps

    @property
    def samples(self) -> int:
        """The samples of a window."""
        return HOP * self.frames

    @property
    def window_seconds(self) -> float:
        """The length of a window."""
        return self.samples / RATE
