"""Where somebody speaks, and where a long recording can be cut: by energy and spectral flatness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...core.errors import BadValue
from .files import Wave

# Shapes: T frames of 10 ms, F frequencies.


@dataclass(frozen=True, kw_only=True)
class ActivityConfig:
    """When a frame counts as speech.

    It is `above` dB over the noise floor, the quiet tenth of the `memory` seconds around it, and less flat than
    `flatness` (1: white noise, 0: a tone), or twice so far above it. Gaps of less than `gap` seconds are filled, then
    bursts of less than `burst` seconds removed.
    """

    above: float = 9.0
    flatness: float = 0.5
    memory: float = 10.0
    gap: float = 0.2
    burst: float = 0.06

    def __post_init__(self) -> None:
        if not 0 < self.flatness <= 1:
            raise BadValue(f"flatness ({self.flatness}) must lie in (0, 1]")
        for name in ("above", "memory"):
            if getattr(self, name) <= 0:
                raise BadValue(f"{name} ({getattr(self, name)}) must be above 0")
        for name in ("gap", "burst"):
            if getattr(self, name) < 0:
                raise BadValue(f"{name} ({getattr(self, name)}) must be 0 or above")


_HOP, _WINDOW = 0.01, 0.025
_LOW, _HIGH = 100.0, 4000.0
_SILENCE = 1e-10
_BLOCK = 2048
_QUIET = 0.1


def activity(wave: Wave, rate: int, config: ActivityConfig | None = None) -> npt.NDArray[np.bool_]:
    """Return for each frame of 10 ms (1 + samples // hop of them) whether it is speech.

    Decision by energy over an adaptive floor, as in Sohn, Kim and Sung ("A statistical model-based voice activity
    detection", 1999) without its model of the spectrum; flatness is the geometric over the arithmetic mean of the
    power between 100 and 4000 Hz. Digital silence is no speech.

    >>> tone = np.sin(np.arange(8000, dtype=np.float32) * 0.3)
    >>> quiet = np.random.default_rng(0).standard_normal(8000).astype(np.float32) / 1000
    >>> found = activity(np.concatenate([quiet, tone, quiet]), 8000)
    >>> bool(found[:95].any()), bool(found[105:195].all()), bool(found[205:].any())
    (False, True, False)
    """
    config = config or ActivityConfig()
    level_T, flat_T = _spectrum(wave, rate)
    over_T = level_T - _floor(level_T, round(config.memory / _HOP))
    speech_T = (over_T > config.above) & ((flat_T < config.flatness) | (over_T > 2 * config.above))
    speech_T = _without_runs(speech_T, round(config.gap / _HOP), of=False)
    return _without_runs(speech_T, round(config.burst / _HOP), of=True)


def pieces(wave: Wave, rate: int, longest: float, config: ActivityConfig | None = None) -> list[tuple[int, int]]:
    """Return (first, last + 1) samples of pieces of at most `longest` seconds in which somebody speaks, in order.

    A piece is as long as it may be and ends in the middle of the longest pause in its second half, else at its
    quietest moment. Together they hold all speech; a piece without any is left out. A wave that is not too long is one
    piece, whatever is in it.
    """
    if longest <= 0:
        raise BadValue(f"longest ({longest}) must be above 0 seconds")
    size = round(longest * rate)
    if len(wave) <= size:
        return [(0, len(wave))]
    speech_T, hop = activity(wave, rate, config), round(rate * _HOP)
    level_T, _ = _spectrum(wave, rate)
    most, start, found = max(2, size // hop), 0, []
    while start < len(speech_T):
        end = min(start + most, len(speech_T))
        if end < len(speech_T):
            middle = start + most // 2
            end = middle + _cut(speech_T[middle:end], level_T[middle:end])
        if speech_T[start:end].any() and start * hop < len(wave):
            found.append((start * hop, min(end * hop, len(wave))))
        start = end
    return found


def _cut(speech_T: npt.NDArray[np.bool_], level_T: npt.NDArray[np.float64]) -> int:
    """Return the frame to cut at: the middle of the longest pause, else the quietest."""
    edges = np.flatnonzero(np.diff(np.concatenate([[True], speech_T, [True]])))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return int(level_T.argmin()) + 1
    longest = int((ends - starts).argmax())
    return max(1, int(starts[longest] + ends[longest]) // 2)


def _spectrum(wave: Wave, rate: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return level in dB and spectral flatness of each frame; some frames at a time, so that memory is bounded."""
    hop, size = round(rate * _HOP), round(rate * _WINDOW)
    frames = 1 + len(wave) // hop
    window, band = np.hanning(size).astype(np.float32), np.fft.rfftfreq(size, 1 / rate)
    band_F = (band >= _LOW) & (band <= _HIGH)
    levels, flats = [], []
    for first in range(0, frames, _BLOCK):
        last = min(first + _BLOCK, frames)
        start, end = first * hop - size // 2, (last - 1) * hop - size // 2 + size
        part = wave[max(0, start) : max(0, end)]
        part = np.pad(part, (max(0, -start), end - max(0, start) - len(part)))
        framed = np.lib.stride_tricks.sliding_window_view(part, size)[::hop][: last - first]
        power_TF = np.square(np.abs(np.fft.rfft(framed * window, axis=1)[:, band_F])) + _SILENCE
        mean_T = power_TF.mean(axis=1)
        levels.append(10 * np.log10(mean_T))
        flats.append(np.exp(np.log(power_TF).mean(axis=1)) / mean_T)
    return np.concatenate(levels).astype(np.float64), np.concatenate(flats).astype(np.float64)


def _floor(level_T: npt.NDArray[np.float64], memory: int) -> npt.NDArray[np.float64]:
    """Return the level that the quiet tenth of the frames around each lies under, by blocks of a tenth of `memory`."""
    block = max(1, memory // 10)
    edges = range(0, len(level_T), block)
    half = memory // 2
    floors = [np.quantile(level_T[max(0, at - half) : at + block + half], _QUIET) for at in edges]
    return np.repeat(np.array(floors), block)[: len(level_T)]


def _without_runs(mask_T: npt.NDArray[np.bool_], least: int, *, of: bool) -> npt.NDArray[np.bool_]:
    """Return the mask with runs of the value `of` shorter than `least` turned over; `False` at the ends stays."""
    edges = np.flatnonzero(np.diff(np.concatenate([[not of], mask_T == of, [not of]]).astype(np.int8)))
    found = mask_T.copy()
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if end - start < least and (of or 0 < start < end < len(mask_T)):
            found[start:end] = not of
    return found
