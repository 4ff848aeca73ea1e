"""Noise for synthetic speech: white, pink, or recorded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..audio import Wave, coloured
from ..data import Clip

_PEAK = 0.9
_LONGEST = 60.0


def noise(size: int, random: np.random.Generator, *, pink: bool = False) -> Wave:
    """Return noise: white, or pink, whose power falls by 3 dB an octave.

    >>> noise(8, np.random.default_rng(0)).shape
    (8,)
    """
    return coloured(size, random, 1.0 if pink else 0.0)


def piece(clips: Sequence[Clip], size: int, rate: int, random: np.random.Generator) -> Wave:
    """Return `size` samples at `rate` Hz from anywhere in one of the recordings; a short one is repeated."""
    clip = clips[int(random.integers(len(clips)))]
    seconds = min(size / rate, _LONGEST)
    offset = random.uniform(0, max(0.0, clip.seconds - seconds))
    found = clip.part(offset, seconds).sound(rate) if clip.seconds > seconds else clip.sound(rate)
    return np.resize(found, size)


def mix(wave: Wave, added: Wave, decibels: float) -> Wave:
    """Return a wave with noise, `decibels` being how far the mean power of the wave is above that of the noise.

    What would be louder than 0.9 is made quieter as a whole.

    >>> tone = np.sin(np.arange(8000)).astype(np.float32) / 2
    >>> mixed = mix(tone, noise(8000, np.random.default_rng(0)), 20)
    >>> round(float(10 * np.log10(np.mean(tone**2) / np.mean((mixed - tone) ** 2))))
    20
    """
    there = power(added)
    gain = np.sqrt(power(wave) / there / 10 ** (decibels / 10)) if there else 0.0
    mixed = wave + np.float32(gain) * added
    return np.asarray(mixed * np.float32(min(1.0, _PEAK / max(_PEAK, float(np.abs(mixed).max())))), np.float32)


def power(wave: npt.NDArray[np.float32]) -> float:
    """Return the mean of the squares."""
    return float(np.mean(np.square(wave, dtype=np.float64)))
