"""From recordings to Whisper's frames, and from transcripts to its tokens."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from ...core.batch import Batch, Draw, Examples, Rows, pad
from ...core.errors import BadRow, Damaged, DataError, NothingUsable
from ...core.hub import read_json
from ..audio import AudioConfig, Wave
from ..data import Clip, SpeechFeaturesConfig, transcripts
from .config import AUDIO, HOP, RATE, WhisperConfig
from .mel import whisper_mel
from .reader import Reader
from .rules import Rules, read_rules, write_rules
from .tokenizer import FILE as TOKENIZER
from .tokenizer import ids_of, read_tokenizer

FILE = "whisper.json"
WINDOW_COST = 512
"""What a window counts in the budget of a batch (`batch_tokens`): 64 fill the 32,768 of a pass without training."""

_SIZES = ("mels", "vocab_size", "steps", "max_length")
_LONGEST_PROMPT = 4  # start, language, task, no times


@dataclass(frozen=True, eq=False)
class WhisperFeatures:
    """What a Whisper brings: its tokenizer, its rules, the sizes of what it hears and writes, and the silence after."""

    tokenizer: Tokenizer
    rules: Rules
    window: WhisperConfig

    @property
    def audio(self) -> AudioConfig:
        """The frames of the classical baseline beside it."""
        return AUDIO

    def source(self, examples: Examples, training: bool = False) -> WhisperSource:
        """Return the recordings, whose frames are computed batch by batch.

        In `training` they come with the tokens of their transcripts; a recording that is longer than a window, or a
        transcript with more tokens than the decoder has places, is left out by name. Raises DataError for a recording
        that cannot be decoded.
        """
        counts = np.array([frames_of(examples, row) for row in range(len(examples))], dtype=np.int64)
        heard = np.array([self.window.heard(int(count)) for count in counts], dtype=np.int64)
        source = WhisperSource(examples, self.window, heard)
        return self._with_targets(source, examples, counts) if training else source

    def _with_targets(self, source: WhisperSource, examples: Examples, counts: npt.NDArray[np.int64]) -> WhisperSource:
        most = self.window.max_length - _LONGEST_PROMPT - 1
        targets = [np.array(ids_of(self.tokenizer, text), dtype=np.int64) for text in transcripts(examples)]
        fits = [count <= self.window.frames and len(ids) <= most for count, ids in zip(counts, targets, strict=True)]
        kept = np.flatnonzero(fits)
        if not len(kept):
            raise NothingUsable(
                f"{examples.name}: every recording is longer than {self.window.window_seconds:g} s, or its transcript "
                f"than {most} tokens; cut them"
            )
        left_out = [
            f"{examples.place(row)} ({examples.inputs[row].name})" for row in np.flatnonzero(~np.array(fits)).tolist()
        ]
        return replace(
            source,
            examples=examples.take(kept),
            heard=source.heard[kept],
            targets=[targets[row] for row in kept],
            left_out=tuple(left_out),
        )

    def save(self, folder: Path) -> None:
        """Write `tokenizer.json`, and `whisper.json` with the rules and the sizes."""
        (folder / TOKENIZER).write_text(self.tokenizer.to_str(pretty=True), encoding="utf-8")
        sizes = {name: getattr(self.window, name) for name in _SIZES}
        values = {"sizes": sizes, "padding": self.window.padding, "rules": write_rules(self.rules)}
        (folder / FILE).write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, config: SpeechFeaturesConfig) -> WhisperFeatures:
        """Read what `save` wrote; raises ArtifactError where it is missing or damaged."""
        path = folder / FILE
        values = read_json(path)
        sizes, rules = values.get("sizes"), values.get("rules")
        if not isinstance(sizes, dict) or not isinstance(rules, dict):
            raise Damaged(f"{path}: damaged (no sizes or no rules); save the model again")
        read = Reader(sizes, str(path))
        mels, vocab_size, steps, max_length = (read.whole(name, 1) for name in _SIZES)
        padding = Reader(values, str(path)).number("padding")
        window = WhisperConfig(mels=mels, vocab_size=vocab_size, steps=steps, max_length=max_length, padding=padding)
        return cls(read_tokenizer(folder, vocab_size), read_rules(rules, str(path), vocab_size), window)


@dataclass(frozen=True)
class WhisperSource:
    """Recordings whose frames are computed when they are asked for: 30 seconds of them are a megabyte.

    `heard` are the frames of each, with the silence after it; `left_out` names recordings that cannot be learned from.
    """

    examples: Examples
    window: WhisperConfig
    heard: npt.NDArray[np.int64]
    targets: list[npt.NDArray[np.int64]] | None = None
    left_out: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.heard)

    @property
    def lengths(self) -> npt.NDArray[np.int64] | None:
        """What each row costs: its share of a window, or windows, times `WINDOW_COST`."""
        return -(-self.heard * WINDOW_COST // self.window.frames)

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        """Return `frames` (B, L, M), `length` (B,), those of each row with its silence.

        With targets also `target` (B, S), `target_length` (B,).
        """
        longest = int(self.heard[rows].max())
        filled = min(longest, self.window.frames)  # so that a row in a longer batch has silence after it, not zeros
        frames = []
        for row in rows.tolist():
            samples = 0 if self.heard[row] > self.window.frames else filled * HOP
            frames.append(whisper_mel(wave_of(self.examples, row), self.window.mels, samples))
        whole = torch.nn.utils.rnn.pad_sequence(frames, batch_first=True)
        tensors = {"frames": whole, "length": torch.from_numpy(self.heard[rows])}
        if self.targets is not None:
            tensors["target"], keep = pad([self.targets[row] for row in rows])
            tensors["target_length"] = keep.sum(1)
        return Batch(tensors)


def wave_of(examples: Examples, row: int) -> Wave:
    """Return the samples of a recording at 16 kHz; raises DataError with its place."""
    if row in examples.errors:
        raise BadRow(f"{examples.place(row)}: {examples.errors[row]}")
    clip: Clip = examples.inputs[row]
    try:
        return clip.sound(RATE)
    except DataError as error:
        raise BadRow(f"{examples.place(row)}: {error}") from None


def frames_of(examples: Examples, row: int) -> int:
    """Return the frames of a recording."""
    return max(1, len(wave_of(examples, row)) // HOP)
