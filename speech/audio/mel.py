"""Log-mel features: torchaudio, which is in maintenance (2.11 is its last release), gives the filters alone."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...core.errors import BadValue, SettingsConflict
from .files import Wave

Level = Literal["utterance", "running"]
Numbers: TypeAlias = npt.NDArray[np.float64]

_NEPERS = math.log(10) / 10
"""A decibel as a natural logarithm of the power."""

_LOWEST = 20.0
"""The lowest frequency in Hz."""

_BLOCK = 1 << 12
"""So many frames are made at a time."""

_QUIETEST_DB, _FADE_DB = 40.0, 1.0
"""The running level is never further below full scale than the first, and falls by the second each second."""

# Shapes: B batch, T frames, M mels, F frequencies, N samples.


@dataclass(frozen=True, kw_only=True)
class AudioConfig:
    """How a wave becomes log-mel frames.

    `sample_rate` in Hz, 0: the lowest of the training data, at most 16 kHz. `window` and `hop` are in
    milliseconds. `range_db` is how far below the loudest value the quiet is cut off: with the `level` "utterance" that
    of the utterance, with "running" that of what was heard so far, which takes no look ahead. A recording of more than
    `longest` seconds is refused: what attention costs grows with the square of the length.
    """

    sample_rate: int = 0
    mels: int = 40
    window: float = 25.0
    hop: float = 10.0
    range_db: float = 60.0
    level: Level = "utterance"
    longest: float = 120.0

    def __post_init__(self) -> None:
        if self.sample_rate and not 4000 <= self.sample_rate <= 48000:
            raise BadValue(f"audio.sample_rate ({self.sample_rate}) must be 0 (automatic) or in 4000 … 48000 Hz")
        if not 8 <= self.mels <= 128:
            raise BadValue(f"audio.mels ({self.mels}) must be in 8 … 128")
        if not 1 <= self.hop <= self.window:
            raise SettingsConflict(
                f"audio.hop ({self.hop}) must be at least 1 ms and at most audio.window ({self.window})"
            )
        if self.range_db <= 0:
            raise BadValue(f"audio.range_db ({self.range_db}) must be above 0")
        if self.level not in get_args(Level):
            raise BadValue(f"audio.level ('{self.level}') must be one of {', '.join(get_args(Level))}")
        if self.longest <= 0:
            raise BadValue(f"audio.longest ({self.longest}) must be above 0: a number of seconds")


def log_mel(wave: Wave, config: AudioConfig) -> npt.NDArray[np.float32]:
    """Return the (T, mels) log-mel spectrogram of a wave at `config.sample_rate`, T = 1 + samples // hop.

    Natural logarithm of the power relative to the loudest value of the utterance, cut off `range_db` below
    it: the gain of a recording changes nothing. With the running level it is what `MelStream` gives of the same wave.

    >>> log_mel(np.zeros(8000, dtype=np.float32), AudioConfig(sample_rate=8000)).shape
    (101, 40)
    """
    if config.level == "running":
        stream = MelStream(config)
        return np.concatenate([stream.feed(wave), stream.finish()])
    size, hop = _sizes(config)
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
    log_MT = (log_MT - log_MT.max()).clamp_min(-config.range_db * _NEPERS)
    return np.ascontiguousarray(log_MT.T.numpy())


class MelStream:
    """Log-mel frames of the running level as samples come: `feed` them in pieces of any size, then `finish`.

    All is reckoned in float64, so that the pieces do not matter: frames that are kept in float16, as those of training
    are, come out the same. The reference is the loudest value heard so far; it fades by 1 dB a second, so that a
    slammed door is forgotten, and begins 40 dB below full scale, so that the quiet before speech stays quiet.

    >>> config = AudioConfig(sample_rate=8000, level="running")
    >>> stream, wave = MelStream(config), np.sin(np.arange(8000, dtype=np.float32))
    >>> parts = [stream.feed(wave[:300]), stream.feed(wave[300:]), stream.finish()]
    >>> [len(part) for part in parts], bool(np.allclose(np.concatenate(parts), log_mel(wave, config)))
    ([3, 96, 2], True)
    """

    def __init__(self, config: AudioConfig) -> None:
        self.config = config
        self.size, self.hop = _sizes(config)
        self.filters_FM = _filters(config.mels, self.size, config.sample_rate).double().numpy()
        self.window = torch.hann_window(self.size, dtype=torch.float64).numpy()
        self.fade = _FADE_DB * _NEPERS * self.hop / config.sample_rate
        self.quietest = 2 * math.log(self.window.sum() / 2) - _QUIETEST_DB * _NEPERS
        self.level = self.quietest
        self.samples = self.frames = 0
        self._held = (self.size + 1) // 2
        self._waiting = [np.zeros(self._held)]

    def feed(self, wave: Wave) -> npt.NDArray[np.float32]:
        """Return the frames (T, M), perhaps none, that are complete with these samples at the configured rate."""
        self.samples += len(wave)
        self._waiting.append(wave.astype(np.float64))
        self._held += len(wave)
        return self._made(max(0, (self._held - self.size) // self.hop + 1))

    def finish(self) -> npt.NDArray[np.float32]:
        """Return the last frames, to the end of the wave: after it come zeros."""
        left = 1 + self.samples // self.hop - self.frames
        self._waiting.append(np.zeros(max(0, (left - 1) * self.hop + self.size - self._held)))
        return self._made(left)

    def _made(self, count: int) -> npt.NDArray[np.float32]:
        if not count:
            return np.zeros((0, self.config.mels), np.float32)
        held_N = np.concatenate(self._waiting)
        parts = [self._logs(held_N, first, min(count, first + _BLOCK)) for first in range(0, count, _BLOCK)]
        self._waiting = [held_N[count * self.hop :]]
        self._held = len(self._waiting[0])
        self.frames += count
        return np.concatenate(parts)

    def _logs(self, held_N: npt.NDArray[np.float64], first: int, last: int) -> npt.NDArray[np.float32]:
        framed_TN = np.lib.stride_tricks.sliding_window_view(held_N, self.size)[:: self.hop][first:last]
        spectrum_TF = np.fft.rfft(framed_TN * self.window, 2 * (len(self.filters_FM) - 1))
        log_TM = np.log(np.maximum(np.square(np.abs(spectrum_TF)) @ self.filters_FM, 1e-10))
        faded_T = self.fade * np.arange(1, last - first + 1)
        loudest_T = np.maximum.accumulate(np.maximum(log_TM.max(1), self.quietest) + faded_T)
        level_T = np.maximum(loudest_T, self.level) - faded_T
        self.level = float(level_T[-1])
        below_TM = np.maximum(log_TM - level_T[:, None], -self.config.range_db * _NEPERS)
        return np.asarray(below_TM, np.float32)


def _sizes(config: AudioConfig) -> tuple[int, int]:
    """Return the samples of a window and those from one to the next."""
    size, hop = (round(config.sample_rate * ms / 1000) for ms in (config.window, config.hop))
    return size, hop


@functools.lru_cache(maxsize=8)
def _filters(mels: int, window: int, rate: int) -> Tensor:
    """Return the (F, mels) triangular filters; the transform grows until none falls between its bins."""
    import torchaudio.functional

    fft = 1 << (window - 1).bit_length()
    narrowest = float(_hertz(_edges(mels, rate)[1])) - _LOWEST
    while rate / fft > narrowest:
        fft *= 2
    filters: Tensor = torchaudio.functional.melscale_fbanks(fft // 2 + 1, _LOWEST, rate / 2, mels, rate)
    return filters


def warped_places(factors_B: Numbers, mels: int, rate: int) -> Numbers:
    """Return (B, M) places among the mels, of what lies at each once all frequencies are multiplied by a factor.

    Places go from 0 to M − 1, with fractions; what would come from outside comes from the edge.

    >>> warped_places(np.array([1.0, 0.5]), 4, 8000).round(1).tolist()
    [[0.0, 1.0, 2.0, 3.0], [0.8, 2.2, 3.0, 3.0]]
    """
    edges = _edges(mels, rate)
    mel_BM = _mel(_hertz(edges[1:-1]) / factors_B[:, None])
    places_BM: Numbers = np.clip((mel_BM - edges[1]) / (edges[2] - edges[1]), 0, mels - 1)
    return places_BM


def _edges(mels: int, rate: int) -> Numbers:
    """Return where filters begin, peak and end, (M + 2,), on the mel scale of HTK."""
    low, high = _mel(np.array([_LOWEST, rate / 2]))
    return np.linspace(low, high, mels + 2)


def _mel(hertz: Numbers) -> Numbers:
    return 2595 * np.log10(1 + hertz / 700)


def _hertz(mel: Numbers) -> Numbers:
    return 700 * (10 ** (mel / 2595) - 1)
