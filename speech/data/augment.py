"""Augmentation of log-mel frames, whole batches at once, as pure functions of uniform numbers.

Row i's result depends on row i's numbers alone: neither on the batch that it is in nor on the padding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ...core.errors import BadValue

Uniform: TypeAlias = npt.NDArray[np.float64]
Numbers: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float32]
Mask: TypeAlias = npt.NDArray[np.bool_]

# Shapes: B batch, L frames, M mels, K masks.


@dataclass(frozen=True, kw_only=True)
class AugmentConfig:
    """Speed perturbation (Ko et al., 2015), warped frequencies, and SpecAugment (Park et al., 2019).

    `speed` 0.1 stretches time by 0.9 … 1.1, and `warp` 0.1 all frequencies, as shorter and longer vocal tracts do
    (Jaitly and Hinton, 2013): for speakers who are not in the training set. `mel_masks` masks of up to `mel_width`
    mels, and for every `time_every` frames a mask of up to `time_width` frames and `time_share` of the utterance, are
    set to the mean of the corpus. With two `views` each utterance comes twice, masked differently.

    `noise` names folders or files of noise, or "coloured" for white, pink and brown; `noise_share` of the utterances
    have some under them, `snr` decibels (the least, the most) below the speech.
    """

    speed: float = 0.1
    warp: float = 0.0
    mel_masks: int = 2
    mel_width: int = 6
    time_every: int = 100
    time_width: int = 20
    time_share: float = 0.15
    views: int = 1
    noise: tuple[str, ...] = ()
    noise_share: float = 0.5
    snr: tuple[float, ...] = (5.0, 20.0)

    def __post_init__(self) -> None:
        for name in ("speed", "warp"):
            if not 0 <= getattr(self, name) < 0.5:
                raise BadValue(f"augment.{name} ({getattr(self, name)}) must lie in [0, 0.5)")
        for name in ("mel_masks", "mel_width", "time_width"):
            if getattr(self, name) < 0:
                raise BadValue(f"augment.{name} ({getattr(self, name)}) must be 0 (off) or above")
        if self.views not in (1, 2):
            raise BadValue(f"augment.views ({self.views}) must be 1 or 2")
        if self.time_every < 1:
            raise BadValue(f"augment.time_every ({self.time_every}) must be 1 or above")
        for name in ("time_share", "noise_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise BadValue(f"augment.{name} ({getattr(self, name)}) must lie in [0, 1]")
        if len(self.snr) != 2 or not -50 <= self.snr[0] <= self.snr[1] <= 100:
            given = ", ".join(f"{value:g}" for value in self.snr)
            raise BadValue(f"augment.snr ({given}) must be the least and the most decibels, such as 5, 20")

    def time_masks(self, lengths_B: Numbers) -> Numbers:
        """Return the number of time masks of utterances of these lengths: at least two."""
        return np.maximum(2, lengths_B // self.time_every)


def stretched(lengths_B: Numbers, uniform_B: Uniform, speed: float, least_B: Numbers) -> Numbers:
    """Return lengths divided by 1 − speed … 1 + speed, at least `least_B` (or the length if that is less)."""
    factors_B = 1 + speed * (2 * uniform_B - 1)
    return np.maximum(np.round(lengths_B / factors_B).astype(np.int64), np.minimum(lengths_B, least_B))


def warped(frames_BLM: Floats, places_BM: npt.NDArray[np.float64]) -> Floats:
    """Return frames whose mel m is what lay at the place `places_BM[:, m]`, between two mels by interpolation."""
    low_BM = np.minimum(places_BM.astype(np.int64), frames_BLM.shape[2] - 2)
    share_B1M = (places_BM - low_BM).astype(np.float32)[:, None, :]
    first_BLM, next_BLM = (np.take_along_axis(frames_BLM, low_BM[:, None, :] + step, axis=2) for step in (0, 1))
    return np.asarray(first_BLM + share_B1M * (next_BLM - first_BLM))


def time_mask(lengths_B: Numbers, uniform_BK: Uniform, config: AugmentConfig) -> Mask:
    """Return (B, max length), True at the frames to hide; two uniform numbers make a mask."""
    widest_B = np.minimum(config.time_width, (config.time_share * lengths_B).astype(np.int64))
    count_B = config.time_masks(lengths_B)
    active_BK = np.arange(uniform_BK.shape[1] // 2)[None, :] < count_B[:, None]
    return _spans(lengths_B, widest_B, uniform_BK, active_BK, int(lengths_B.max()))


def mel_mask(rows: int, mels: int, uniform_BK: Uniform, config: AugmentConfig) -> Mask:
    """Return (B, mels), True at the mels to hide; two uniform numbers make a mask."""
    limits_B = np.full(rows, mels)
    widest_B = np.full(rows, min(config.mel_width, mels))
    return _spans(limits_B, widest_B, uniform_BK, np.ones((rows, config.mel_masks), dtype=bool), mels)


def _spans(limits_B: Numbers, widest_B: Numbers, uniform_BK: Uniform, active_BK: Mask, size: int) -> Mask:
    """Return the union of K spans a row: widths 0 … widest, anywhere within the limit."""
    widths_BK = np.floor(uniform_BK[:, 0::2] * (widest_B[:, None] + 1)).astype(np.int64) * active_BK
    starts_BK = np.floor(uniform_BK[:, 1::2] * (limits_B[:, None] - widths_BK + 1)).astype(np.int64)
    places = np.arange(size)[None, :, None]
    inside = (places >= starts_BK[:, None, :]) & (places < (starts_BK + widths_BK)[:, None, :])
    return np.asarray(inside.any(axis=2))
