"""When each unit of a transcript was said: the most probable path of CTC that gives it.

The one place that knows torchaudio's `forced_align`; torchaudio is in maintenance (2.11 is its last release).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from ...core.errors import BadRow
from ..data import BLANK, Vocabulary, steps_needed
from ..data.vocabulary import FIRST
from .transcript import Word

# Shapes: T encoder steps, V vocabulary, S target length.


class Alignment(NamedTuple):
    """Of each of S units the first step, the one after the last, and the sum of the logarithms of its probability."""

    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    score: npt.NDArray[np.float64]


def align(log_probs_TV: npt.NDArray[np.floating], target: npt.NDArray[np.int64]) -> Alignment:
    """Return the most probable path (Viterbi, over CTC's states) of a target of S ids.

    Raises DataError where there are too few steps for it.

    >>> found = align(np.log([[0.1, 0.1, 0.1, 0.7], [0.2, 0.1, 0.1, 0.6], [0.7, 0.1, 0.1, 0.1]]), np.array([3]))
    >>> found.start.tolist(), found.end.tolist()
    ([0], [2])
    """
    steps, needed = len(log_probs_TV), steps_needed(target)
    if needed > steps:
        raise BadRow(f"the transcript needs {needed} steps, and the recording has {steps}; check the pairing")
    if not len(target):
        return Alignment(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    import torchaudio.functional

    log_probs = torch.from_numpy(np.ascontiguousarray(log_probs_TV, dtype=np.float64))[None]
    path, scores = torchaudio.functional.forced_align(log_probs, torch.from_numpy(target)[None], blank=BLANK)
    path_T, scores_T = path[0].numpy(), scores[0].numpy()
    before_T = np.append(BLANK, path_T[:-1])
    says_T = path_T != BLANK
    begins_T = says_T & (path_T != before_T)
    unit_T = np.cumsum(begins_T) - 1
    start = np.flatnonzero(begins_T)
    size = np.bincount(unit_T[says_T], minlength=len(target))
    score = np.zeros(len(target))
    np.add.at(score, unit_T[says_T], scores_T[says_T])
    return Alignment(start, start + size, score)


def words_of(
    log_probs_TV: npt.NDArray[np.floating], target: npt.NDArray[np.int64], vocabulary: Vocabulary, step: float
) -> tuple[Word, ...]:
    """Return the words of a target with their times, where a step of the encoder is `step` seconds."""
    target = target[target >= FIRST]
    start, end, score = align(log_probs_TV, target)
    places = target - FIRST
    letters = [vocabulary.letters[place] for place in places.tolist()]
    spells = np.array([bool(text) for text in letters], dtype=np.bool_)
    number = np.cumsum(vocabulary.opens[places])
    found = []
    for one in np.unique(number[spells]).tolist():
        of = np.flatnonzero((number == one) & spells)
        steps = int((end[of] - start[of]).sum())
        confidence = min(1.0, float(np.exp(score[of].sum() / steps)))
        text = "".join(letters[place] for place in of)
        found.append(Word(text, round(int(start[of[0]]) * step, 3), round(int(end[of[-1]]) * step, 3), confidence))
    return tuple(found)
