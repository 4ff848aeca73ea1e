"""Mel-frequency cepstral coefficients (Davis and Mermelstein, 1980) of log-mel frames, and their statistics."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

COEFFICIENTS = 14
_SEGMENTS = 6
_REACH = 2


def cepstra(mel_TM: Floats, count: int = COEFFICIENTS) -> Floats:
    """Return the first coefficients (T, count) of the orthonormal cosine transform (DCT-II) of each frame.

    >>> [round(float(value), 3) for value in cepstra(np.ones((3, 40), np.float32), 2)[0]]
    [6.325, 0.0]
    """
    mels = mel_TM.shape[1]
    angles = np.pi / mels * (np.arange(mels) + 0.5)[:, None] * np.arange(count)
    basis = np.cos(angles) * np.sqrt(np.where(np.arange(count) == 0, 1, 2) / mels)
    return np.asarray(mel_TM @ basis, np.float32)


def deltas(frames_TC: Floats) -> Floats:
    """Return the slope of each coefficient over five frames; the first and last frames go on beyond the ends."""
    steps, length = np.arange(1, _REACH + 1), len(frames_TC)
    padded = np.pad(frames_TC, ((_REACH, _REACH), (0, 0)), mode="edge")
    slopes = [n * (padded[_REACH + n :][:length] - padded[_REACH - n :][:length]) for n in steps]
    return np.asarray(np.sum(slopes, axis=0) / (2 * (steps**2).sum()), np.float32)


def cepstral_statistics(mel_TM: Floats) -> Floats:
    """Return mean and deviation of coefficients and slopes in each sixth of the recording, and the log length.

    >>> cepstral_statistics(np.zeros((7, 40), np.float32)).shape
    (337,)
    """
    plain = cepstra(mel_TM)
    frames = np.concatenate([plain, deltas(plain)], axis=1)
    edges = np.linspace(0, len(frames), _SEGMENTS + 1).astype(int)
    starts = np.minimum(edges[:-1], len(frames) - 1)
    parts = [frames[a : max(a + 1, b)] for a, b in zip(starts, edges[1:], strict=True)]
    values = [value for part in parts for value in (part.mean(0), part.std(0))]
    return np.concatenate([*values, [np.log(len(frames))]]).astype(np.float32)
