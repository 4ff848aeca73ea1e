"""Noise of a colour: how its power falls with the frequency."""

from __future__ import annotations

import numpy as np

from .files import Wave


def coloured(size: int, random: np.random.Generator, fall: float = 0.0) -> Wave:
    """Return noise whose power is as 1 / frequency to the power of `fall`: white 0, pink 1, brown 2.

    >>> coloured(8, np.random.default_rng(0)).shape
    (8,)
    """
    white = random.standard_normal(size)
    if not fall:
        return white.astype(np.float32)
    spectrum = np.fft.rfft(white)
    spectrum /= np.maximum(1, np.arange(len(spectrum))) ** (fall / 2)
    return np.fft.irfft(spectrum, size).astype(np.float32)
