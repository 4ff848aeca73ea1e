"""A flat start: units spread evenly over the sound of an utterance, before anything is known of where they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .augment import Numbers
from .vocabulary import BLANK

# Shapes: B batch, L frames, M mels, T encoder steps.


def flat_alignment(
    frames_BLM: npt.NDArray[np.float32], lengths_B: Numbers, targets: Sequence[Numbers], factor: int
) -> Numbers:
    """Return the unit of each step (B, T) of `factor` frames: blank where it is quiet, −1 behind the end.

    The loud frames of an utterance are those above the middle between its quiet and its loud ones; each unit has as
    many of them as any other. Hidden Markov models are begun like this (Young et al., "The HTK book", 2006).

    >>> frames = np.repeat(np.array([[0, 0, 9, 9, 0, 9, 9, 0, 0, 0]], np.float32), 2, axis=1)[:, :, None]
    >>> flat_alignment(frames, np.array([16]), [np.array([5, 7])], 2).tolist()
    [[0, 0, 5, 5, 0, 7, 7, 0, -1, -1]]
    """
    loud_BL = frames_BLM.mean(axis=2)
    steps = -(-loud_BL.shape[1] // factor)
    found = np.full((len(targets), steps), -1, np.int64)
    for row, (length, target) in enumerate(zip(lengths_B.tolist(), targets, strict=True)):
        quiet, noisy = np.percentile(loud_BL[row, :length], (10, 90))
        sounds = loud_BL[row, :length] >= (quiet + noisy) / 2
        order = (np.cumsum(sounds) - 1) * len(target) // max(1, int(sounds.sum()))
        units = np.where(sounds, target[order], BLANK) if len(target) else np.zeros(length, np.int64)
        middle = np.minimum(np.arange(0, length, factor) + factor // 2, length - 1)
        found[row, : len(middle)] = units[middle]
    return found
