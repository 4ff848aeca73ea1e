"""Sound files by soundfile, and their sample rates: no FFmpeg, and of torchaudio its resampling alone."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from ...core.errors import DataError

Wave: TypeAlias = npt.NDArray[np.float32]
"""Mono samples in [-1, 1]."""

SOUND_FILES = (".wav", ".flac", ".ogg", ".opus", ".mp3")


def decode(path: str | Path) -> tuple[Wave, int]:
    """Return the mono wave of a WAV, FLAC, OGG, Opus or MP3 file and its sample rate in Hz.

    Channels are averaged. Raises DataError, naming the file, where it is missing, not a sound or without
    samples.
    """
    import soundfile

    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: no such sound file; check the path (a relative one starts at the table's folder)")
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        reason = error.error_string.rstrip(".")
        raise DataError(f"{path.name}: not a sound file ({reason}); convert it to WAV, FLAC, OGG or MP3") from None
    if not len(samples):
        raise DataError(f"{path.name}: a sound file without samples; record it again or remove it")
    return np.ascontiguousarray(samples.mean(axis=1)), int(rate)


def resample(wave: Wave, rate: int, new_rate: int) -> Wave:
    """Return the wave at another sample rate (windowed sinc, by torchaudio)."""
    if rate == new_rate:
        return wave
    import torchaudio.functional

    return np.asarray(torchaudio.functional.resample(torch.from_numpy(wave), rate, new_rate).numpy())
