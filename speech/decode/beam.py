"""A beam over the prefixes of CTC's targets, all prefixes of a step at once."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from ..data import BLANK
from .fusion import Fusion, States

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

LEAST = 1e-3
"""An id that is less probable at a step is not tried there."""

_NEVER, _LEAST = -np.inf, float(np.finfo(np.float64).min)
_ROOT, _NOTHING = 0x51ED270B, 0x2545F491
_PRIME = 0x5DEECE66D0B5
_NODE, _PARENT, _LAST, _TRAIL, _SLOT = range(5)

# Shapes: T encoder steps, V vocabulary, K prefixes in the beam, C ids that are tried at a step.


class Hypothesis(NamedTuple):
    """A target, the logarithm of the probability that CTC gives it, and its score: with what `fusion` adds."""

    ids: list[int]
    ctc: float
    score: float


def beam_search(
    log_probs_TV: npt.NDArray[np.floating], beam: int, fusion: Fusion | None = None, least: float = LEAST
) -> list[Hypothesis]:
    """Return up to `beam` targets with the logarithm of their probability over all paths, the best first.

    Prefixes grow step by step (Hannun et al., "First-pass large vocabulary continuous speech recognition using
    bi-directional recurrent DNNs", 2014), ranked with what the language model of `fusion` adds; an id less probable
    than `least` at a step is not tried there. Steps where only the blank is likely are taken together, which changes
    no result.

    >>> found = beam_search(np.log([[0.1, 0.1, 0.1, 0.5, 0.2], [0.1, 0.1, 0.1, 0.4, 0.3]]), beam=2)
    >>> [hypothesis.ids for hypothesis in found], round(float(np.exp(found[0].ctc)), 2)
    ([[3], [3, 4]], 0.25)
    """
    search = Beam(beam, fusion, least)
    search.feed(log_probs_TV)
    return search.end()


def _steps(log_probs_TV: Floats, least: float) -> list[tuple[float, Ints, Floats]]:
    """Return for each step, or run of steps where only the blank is likely, its score, the likely ids and theirs.

    Ids end with a guard that has no probability.
    """
    steps, width = log_probs_TV.shape
    if not steps:
        return []
    with np.errstate(divide="ignore"):
        threshold_T = np.minimum(np.log(least), log_probs_TV.max(axis=1))
    likely_TV = log_probs_TV >= threshold_T[:, None]
    blank_T = np.where(likely_TV[:, BLANK], log_probs_TV[:, BLANK], _NEVER)
    likely_TV[:, BLANK] = False
    rows, units = likely_TV.nonzero()
    ends = np.cumsum(np.bincount(rows, minlength=steps))
    units_N = np.insert(units, ends, width)
    scores_N = np.insert(log_probs_TV[rows, units], ends, _NEVER)
    ends += np.arange(1, steps + 1)
    starts = np.append(0, ends[:-1])
    found: list[tuple[float, Ints, Floats]] = []
    for blank, start, end in zip(blank_T.tolist(), starts.tolist(), ends.tolist(), strict=True):
        goes_on = end == start + 1 and found and len(found[-1][1]) == 1
        before = found.pop()[0] if goes_on else 0.0
        found.append((before + blank, units_N[start:end], scores_N[start:end]))
    return found


class Beam:
    """The prefixes of a beam: `feed` it steps as they come, `end` it at any time.

    Of each prefix, `blank_K` and `last_K` are the scores of the paths that end in a blank and in its last id, `fused_K`
    what the language model adds; `about` (5, K) holds a hash of the prefix, that of the prefix before, its last id, its
    place in the trail of all prefixes that ever were in the beam, and its state in the language model. `kin` are the
    places of prefixes whose prefix before is in the beam, and its place.

    >>> log_probs_TV, search = np.log([[0.1, 0.1, 0.1, 0.5, 0.2], [0.1, 0.1, 0.1, 0.4, 0.3]]), Beam(beam=2)
    >>> search.feed(log_probs_TV[:1])
    >>> search.feed(log_probs_TV[1:])
    >>> search.end() == beam_search(log_probs_TV, beam=2)
    True
    """

    def __init__(self, beam: int, fusion: Fusion | None = None, least: float = LEAST) -> None:
        self.beam, self.least = beam, least
        self.states = None if fusion is None else States(fusion)
        self.blank_K, self.last_K, self.fused_K = np.zeros(1), np.full(1, _NEVER), np.zeros(1)
        self.about = np.array([[_ROOT], [_NOTHING], [-1], [0], [0]], dtype=np.int64)
        self.kin: tuple[Ints, Ints] = (np.zeros(0, np.int64), np.zeros(0, np.int64))
        self.trail: list[tuple[Ints, Ints]] = []
        self.size = 1

    def feed(self, log_probs_TV: npt.NDArray[np.floating]) -> None:
        """Take the logarithms of probabilities of the next steps."""
        for blank, units_C, scores_C in _steps(np.asarray(log_probs_TV, dtype=np.float64), self.least):
            if len(units_C) == 1:
                self._rest(blank)
            else:
                self._step(blank, units_C, scores_C)

    def _rest(self, blank: float) -> None:
        """Take steps of nothing but the blank."""
        self.blank_K = np.logaddexp(self.blank_K, self.last_K) + blank
        self.last_K = np.full(len(self.blank_K), _NEVER)

    def _step(self, blank: float, units_C: Ints, scores_C: Floats) -> None:
        """Take a step with these likely ids beside the blank."""
        last_K = self.about[_LAST]
        both_K = np.logaddexp(self.blank_K, self.last_K)
        place_K = units_C.searchsorted(last_K)
        again_K = units_C[place_K] == last_K
        stay_blank_K = both_K + blank
        stay_last_K = self.last_K + np.where(again_K, scores_C[place_K], _NEVER)
        grown_KC = both_K[:, None] + scores_C
        rows = again_K.nonzero()[0]
        grown_KC[rows, place_K[rows]] = self.blank_K[rows] + scores_C[place_K[rows]]
        child, parent = self.kin
        if len(child):  # a prefix that grows into another of the beam adds to it
            meets = again_K[child]
            child, parent = child[meets], parent[meets]
            place = place_K[child]
            stay_last_K[child] = np.logaddexp(stay_last_K[child], grown_KC[parent, place])
            grown_KC[parent, place] = _NEVER
        stay_K = np.logaddexp(stay_blank_K, stay_last_K)
        ranked_KC = grown_KC
        if self.states is not None:
            stay_K += self.fused_K
            gains_KC = self.states.gains[self.about[_SLOT][:, None], units_C]
            gains_KC += self.fused_K[:, None]
            ranked_KC = grown_KC + gains_KC
        if len(stay_K) == self.beam and max(ranked_KC.max(), _LEAST) <= stay_K.min():
            self.blank_K, self.last_K = stay_blank_K, stay_last_K
            return
        ranked = np.concatenate((stay_K, ranked_KC.ravel()))
        if len(ranked) > self.beam:
            chosen = ranked.argpartition(len(ranked) - self.beam)[-self.beam :]
            chosen = chosen[ranked[chosen] > _NEVER]
        else:
            chosen = (ranked > _NEVER).nonzero()[0]
        grows = chosen >= len(stay_K)
        stays, grown = chosen[~grows], chosen[grows] - len(stay_K)
        self.blank_K = np.concatenate((stay_blank_K[stays], np.full(len(grown), _NEVER)))
        self.last_K = np.concatenate((stay_last_K[stays], grown_KC.ravel()[grown]))
        row, column = np.divmod(grown, len(units_C))
        if self.states is not None:
            self.fused_K = np.concatenate((self.fused_K[stays], gains_KC[row, column]))
        self._grow(stays, row, units_C[column])

    def _grow(self, stays: Ints, rows: Ints, units: Ints) -> None:
        """Keep these prefixes, and add those made of a prefix and an id."""
        made = self.about[:, rows]
        self.trail.append((made[_TRAIL].copy(), units))
        made[_PARENT] = made[_NODE]
        made[_NODE] = made[_NODE] * _PRIME + (units + 1)
        made[_LAST] = units
        made[_TRAIL] = np.arange(self.size, self.size + len(units))
        self.size += len(units)
        if self.states is not None:
            made[_SLOT] = self.states.follow(made[_SLOT], units)
        self.about = np.concatenate((self.about[:, stays], made), axis=1)
        self.kin = (self.about[_PARENT][:, None] == self.about[_NODE]).nonzero()
        if self.states is not None and self.states.full:
            self.about[_SLOT] = self.states.renew(self.about[_SLOT])

    def end(self) -> list[Hypothesis]:
        """Return the prefixes as targets, the best first."""
        ctc_K = np.logaddexp(self.blank_K, self.last_K)
        score_K = ctc_K
        if self.states is not None:
            score_K = ctc_K + self.fused_K + self.states.end(self.about[_SLOT])
        nothing = np.zeros(1, np.int64)
        before = np.concatenate([nothing, *(places for places, _ in self.trail)]).tolist()
        unit = np.concatenate([nothing, *(units for _, units in self.trail)]).tolist()
        found = []
        for row in np.argsort(-score_K, kind="stable").tolist():
            ids, place = [], int(self.about[_TRAIL, row])
            while place:
                ids.append(unit[place])
                place = before[place]
            found.append(Hypothesis(ids[::-1], float(ctc_K[row]), float(score_K[row])))
        return found
