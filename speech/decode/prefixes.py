"""What CTC says of all targets that begin alike: scores for a decoder that spells one unit at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..data import BLANK

Floats = npt.NDArray[np.float64]

_NEVER = -np.inf

# Shapes: K prefixes, T encoder steps, V vocabulary, C units that may follow.


class Prefixes:
    """Prefixes of one recording with the scores of their paths, step by step (Watanabe et al., "Hybrid CTC/attention
    architecture for end-to-end speech recognition", 2017, algorithm 2); at first the empty one.

    >>> found = Prefixes(np.log(np.array([[0.2, 0.1, 0.1, 0.6], [0.6, 0.1, 0.1, 0.2]])))
    >>> np.exp(found.grown(np.array([3])))[0].round(2).tolist(), np.exp(found.ended()).round(2).tolist()
    ([0.64], [0.12])
    """

    def __init__(self, log_probs_TV: Floats) -> None:
        self.log_probs_TV = log_probs_TV
        self.last_K: npt.NDArray[np.int64] = np.full(1, -1)
        self.spoken_TK: Floats = np.full((len(log_probs_TV), 1), _NEVER)
        self.blank_TK: Floats = np.cumsum(log_probs_TV[:, BLANK])[:, None]

    def ended(self) -> Floats:
        """Return the logarithm of the probability (K,) of each prefix as a whole target."""
        return np.asarray(np.logaddexp(self.spoken_TK[-1], self.blank_TK[-1]))

    def grown(self, units_C: npt.NDArray[np.int64]) -> Floats:
        """Return the logarithm of the probability (K, C) of all targets that begin with a prefix and a unit."""
        both_TK = np.logaddexp(self.spoken_TK, self.blank_TK)
        again_KC = self.last_K[:, None] == units_C
        later_TKC = np.where(again_KC[None], self.blank_TK[:-1, :, None], both_TK[:-1, :, None])
        first_1KC = np.repeat(self._first()[None, :, None], len(units_C), axis=2)
        terms_TKC = np.concatenate([first_1KC, later_TKC]) + self.log_probs_TV[:, None, units_C]
        most_KC = np.maximum(terms_TKC.max(axis=0), np.finfo(np.float64).min)
        with np.errstate(divide="ignore"):
            return np.asarray(most_KC + np.log(np.exp(terms_TKC - most_KC).sum(axis=0)))

    def follow(self, parents: Sequence[int], units: Sequence[int]) -> None:
        """Keep the prefixes that are made of these and of these units."""
        rows, last = np.array(parents, np.int64), np.array(units, np.int64)
        both_TK = np.where(
            self.last_K[rows] == last, self.blank_TK[:, rows], np.logaddexp(self.spoken_TK, self.blank_TK)[:, rows]
        )
        scores_TK, blank_T = self.log_probs_TV[:, last], self.log_probs_TV[:, BLANK]
        spoken_TK, blank_TK = np.full(scores_TK.shape, _NEVER), np.full(scores_TK.shape, _NEVER)
        spoken_TK[0] = self._first()[rows] + scores_TK[0]
        for step in range(1, len(scores_TK)):
            spoken_TK[step] = np.logaddexp(spoken_TK[step - 1], both_TK[step - 1]) + scores_TK[step]
            blank_TK[step] = np.logaddexp(blank_TK[step - 1], spoken_TK[step - 1]) + blank_T[step]
        self.last_K, self.spoken_TK, self.blank_TK = last, spoken_TK, blank_TK

    def _first(self) -> Floats:
        """Return the score of being before the first step: only the empty prefix is."""
        return np.where(self.last_K < 0, 0.0, _NEVER)
