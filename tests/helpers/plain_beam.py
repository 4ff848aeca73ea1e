"""A prefix beam search written plainly, with a dictionary of prefixes: the reference of the one that decodes."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt

BLANK = 0


def prefix_beam(log_probs_TV: npt.NDArray[np.float64], beam: int, least: float = 1e-3) -> list[tuple[list[int], float]]:
    """Return up to `beam` targets with the logarithm of their probability over all paths, the best first.

    Prefixes grow step by step (Hannun et al., "First-pass large vocabulary continuous speech recognition using
    bi-directional recurrent DNNs", 2014); an id less probable than `least` at a step is not tried there.
    """
    never = -np.inf
    prefixes: dict[tuple[int, ...], list[float]] = {(): [0.0, never]}  # ending in a blank, and in the last id
    for step_V in log_probs_TV:
        grown: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [never, never])
        likely = np.flatnonzero(np.exp(step_V) >= min(least, np.exp(step_V.max()))).tolist()
        for prefix, (blank, last) in prefixes.items():
            both = _both([blank, last])
            for number in likely:
                score = step_V[number]
                if number == BLANK:
                    _add(grown[prefix], 0, both + score)
                elif prefix and number == prefix[-1]:
                    _add(grown[prefix], 1, last + score)
                    _add(grown[(*prefix, number)], 1, blank + score)
                else:
                    _add(grown[(*prefix, number)], 1, both + score)
        possible = [prefix for prefix, scores in grown.items() if max(scores) > never]
        best = sorted(possible, key=lambda prefix: -_both(grown[prefix]))[:beam]
        prefixes = {prefix: grown[prefix] for prefix in best}
    return [(list(prefix), _both(scores)) for prefix, scores in prefixes.items()]


def _both(scores: list[float]) -> float:
    return float(np.logaddexp(scores[0], scores[1]))


def _add(scores: list[float], place: int, score: float) -> None:
    scores[place] = float(np.logaddexp(scores[place], score))
