"""Log-mel features: torchaudio, which is in maintenance (2.11 is its last release), gives the filters alone."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...core.errors import ConfigError
from .files import Wave


@dataclass(frozen=True, kw_only=True)
class AudioConfig:
    """How a wave becomes log-mel frames.

    `sample_rate` in Hz, 0: the lowest of the training data, at most 16 kHz. `window` and `hop` are in
    milliseconds. `range_db` is how far below an utterance's loudest value the quiet is cut off. A recording of more
    than `longest` seconds is refused: what attention costs grows with the square of the length.
    """

    sample_rate: int = 0
    mels: int = 40
    window: float = 25.0
    hop: float = 10.0
    range_db: float = 60.0
    longest: float = 120.0

    def __post_init__(self) -> None:
        if self.sample_rate and not 4000 <= self.sample_rate <= 48000:
            raise ConfigError(f"audio.sample_rate ({self.sample_rate}) must be 0 (automatic) or in 4000 … 48000 Hz")
        if not 8 <= self.mels <= 128:
            raise ConfigError(f"audio.mels ({self.mels}) must be in 8 … 128")
        if not 1 <= self.hop <= self.window:
            raise ConfigError(f"audio.hop ({self.hop}) must be at least 1 ms and at most audio.window ({self.window})")
        if self.range_db <= 0:
            raise ConfigError(f"audio.range_db ({self.range_db}) must be above 0")
        if self.longest <= 0:
            raise ConfigError(f"audio.longest ({self.longest}) must be above 0: a number of seconds")


def log_mel(wave: Wave, config: AudioConfig) -> npt.NDArray[np.float32]:
    """Return the (T, mels) log-mel spectrogram of a wave at `config.sample_rate`, T = 1 + samples // hop.

    Natural logarithm of the power relative to the loudest value of the utterance, cut off `range_db` below
    it: the gain of a recording changes nothing.

    >>> log_mel(np.zeros(8000, dtype=np.float32), AudioConfig(sample_rate=8000)).shape
    (101, 40)
    """
    size, hop = (round(config.sample_rate * ms / 1000) for ms in (config.window, config.hop))
    filters_FM = _filters(config.mels, size, config.sample_rate)
    fft = 2 * (len(filters_FM) - 1)
    spectrum_FT = torch.stft(
        torch.from_numpy(wave),
        fft,
        hop,
        size,
        torch.hann_window(size),
        pad_mode="constant",
        return_complex=True,
    )
    power_MT = filters_FM.T @ spectrum_FT.abs().square()
    log_MT = power_MT.clamp_min(1e-10).log()
    log_MT = (log_MT - log_MT.max()).clamp_min(-config.range_db * math.log(10) / 10)
    return np.ascontiguousarray(log_MT.T.numpy())


@functools.lru_cache(maxsize=8)
def _filters(mels: int, window: int, rate: int) -> Tensor:
    """Return the (F, mels) triangular filters; the transform grows until none falls between its bins."""
    import torchaudio.functional

    fft = 1 << (window - 1).bit_length()
    low, high = 2595 * math.log10(1 + 20 / 700), 2595 * math.log10(1 + rate / 2 / 700)
    narrowest = 700 * (10 ** ((low + (high - low) / (mels + 1)) / 2595) - 1) - 20
    while rate / fft > narrowest:
        fft *= 2
    filters: Tensor = torchaudio.functional.melscale_fbanks(fft // 2 + 1, 20.0, rate / 2, mels, rate)
    return filters
