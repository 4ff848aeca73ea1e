"""Noise under speech, mixed as log-mel frames: recordings of it, or noise of three colours.

The power of two sounds that know nothing of each other is the sum of their powers, but for a product of both that is
as often above as below 0: so what is mixed here is, on average, exactly what frames of the mixed samples would be, and
costs neither samples nor transforms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ...core.batch import Rows
from ...core.errors import BadRow, NoSuchFile
from ..audio import AudioConfig, coloured, log_mel
from .augment import Uniform
from .clips import Clip, open_clips
from .folders import noises
from .mels import make_mels

Floats: TypeAlias = npt.NDArray[np.float32]
Frames: TypeAlias = npt.NDArray[np.float16]

COLOURED = "coloured"
"""The noise that needs no recordings."""

_FALLS = (0.0, 1.0, 2.0)
_SECONDS = 20

# Shapes: F frames of all noise, L frames of an utterance, M mels.


@dataclass(frozen=True)
class Noise:
    """Log-mel frames (F, M) of noise; piece i is `frames[starts[i] : starts[i] + lengths[i]]`.

    `floor` is how far below its loudest value an utterance is cut off, as a natural logarithm.
    """

    frames: Frames
    starts: Rows
    lengths: Rows
    floor: float

    @classmethod
    def of(cls, names: Sequence[str], audio: AudioConfig) -> Noise:
        """Return white, pink and brown noise for "coloured", and the recordings that other names stand for.

        A name is a folder or a sound file. Raises DataError, naming it, where there is none or it cannot be read.
        """
        parts = [_coloured(audio) if name == COLOURED else _recorded(name, audio) for name in names]
        frames = [frames for frames, _ in parts]
        sizes = np.concatenate([lengths for _, lengths in parts])
        floor = -audio.range_db * math.log(10) / 10
        whole = frames[0] if len(frames) == 1 else np.concatenate(frames)  # one may lie in a file that is mapped
        return cls(whole, np.cumsum(sizes) - sizes, sizes, floor)

    def under(self, speech_LM: Floats, uniform_3: Uniform, decibels: tuple[float, float]) -> Floats:
        """Return an utterance with noise under it, relative to its loudest value as `log_mel` has it.

        Three uniform numbers choose the piece, where it begins (it is repeated where it is short), and how far the mean
        power of the utterance is above that of the noise: from the first to the second of `decibels`.

        >>> noise = Noise.of(["coloured"], AudioConfig(sample_rate=8000))
        >>> found = noise.under(np.full((50, 40), -5, np.float32), np.zeros(3), (10.0, 20.0))
        >>> found.shape, float(found.max())
        ((50, 40), 0.0)
        """
        which, at, loud = uniform_3.tolist()
        piece = int(which * len(self.lengths))
        start, size = int(self.starts[piece]), int(self.lengths[piece])
        places = start + (int(at * size) + np.arange(len(speech_LM))) % size
        speech = np.exp(speech_LM)
        noise = np.exp(self.frames[places].astype(np.float32))
        ratio = 10 ** ((decibels[0] + loud * (decibels[1] - decibels[0])) / 10)
        gain = speech.sum(dtype=np.float64) / noise.sum(dtype=np.float64) / ratio
        mixed = np.log(speech + np.float32(gain) * noise)
        return np.asarray(np.maximum(mixed - mixed.max(), np.float32(self.floor)), np.float32)


def _coloured(audio: AudioConfig) -> tuple[Frames, Rows]:
    random = np.random.default_rng(0)
    made = [log_mel(coloured(_SECONDS * audio.sample_rate, random, fall), audio) for fall in _FALLS]
    return np.concatenate(made).astype(np.float16), np.array([len(one) for one in made], np.int64)


def _recorded(name: str, audio: AudioConfig) -> tuple[Frames, Rows]:
    path, where = Path(name), f"features.augment.noise: {name}"
    if not path.exists():
        raise NoSuchFile(f"{where}: no such file or folder; check the path, or name '{COLOURED}'")
    clips, errors = (noises(path), {}) if path.is_dir() else open_clips([Clip(path.name, 0, file=path)])
    table = make_mels(clips, replace(audio, longest=math.inf), in_memory=0.0)  # each trial of `tune` asks for them
    for why in (errors | table.errors).values():
        raise BadRow(f"{where}: {why}")
    for row in np.flatnonzero(table.about["peak"] == 0).tolist():
        raise BadRow(f"{where}: {clips[row].name} is silent; leave it out")
    return table.frames, table.lengths
