"""From CTC's logits to ids of units: the best path, and a beam over prefixes."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from ..data import BLANK

# Shapes: B batch, T encoder steps, V vocabulary.


def collapse(path: list[int]) -> list[int]:
    """Return the ids that a CTC path stands for: repeats become one, then blanks go (Graves et al., 2006).

    >>> collapse([0, 3, 3, 0, 3, 4, 4])
    [3, 3, 4]
    """
    merged = [number for place, number in enumerate(path) if place == 0 or number != path[place - 1]]
    return [number for number in merged if number != BLANK]


def greedy_ctc(logits_BTV: Tensor, length_B: Tensor) -> tuple[list[list[int]], Tensor]:
    """Return the ids of each row's best path, and the probability (B,) that CTC gives them over all paths."""
    log_probs_BTV = logits_BTV.float().log_softmax(-1)
    paths = zip(log_probs_BTV.argmax(-1).tolist(), length_B.tolist(), strict=True)
    found = [collapse(path[:length]) for path, length in paths]
    sizes = torch.tensor([len(ids) for ids in found])
    targets = torch.tensor([number for ids in found for number in ids], dtype=torch.long)
    losses_B = F.ctc_loss(log_probs_BTV.transpose(0, 1).cpu(), targets, length_B.cpu(), sizes, reduction="none")
    return found, (-losses_B).exp()


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
