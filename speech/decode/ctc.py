"""From CTC's logits to ids of units: the best path."""

from __future__ import annotations

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


class BestPath:
    """The ids of CTC's best path, of steps as they come: what was said stays, and more is said.

    >>> path = BestPath()
    >>> path.feed([0, 3, 3]), path.feed([3, 0, 3, 4]), path.ids
    ([3], [3, 4], [3, 3, 4])
    """

    def __init__(self) -> None:
        self.ids: list[int] = []
        self._last = BLANK

    def feed(self, path: list[int]) -> list[int]:
        """Take the most probable ids of the next steps; return the ids that are new with them."""
        new = collapse([self._last, *path])[self._last != BLANK :]
        self._last = path[-1] if path else self._last
        self.ids += new
        return new


def greedy_ctc(logits_BTV: Tensor, length_B: Tensor) -> tuple[list[list[int]], Tensor]:
    """Return the ids of each row's best path, and the probability (B,) that CTC gives them over all paths."""
    log_probs_BTV = logits_BTV.float().log_softmax(-1)
    paths = zip(log_probs_BTV.argmax(-1).tolist(), length_B.tolist(), strict=True)
    found = [collapse(path[:length]) for path, length in paths]
    sizes = torch.tensor([len(ids) for ids in found])
    targets = torch.tensor([number for ids in found for number in ids], dtype=torch.long)
    losses_B = F.ctc_loss(log_probs_BTV.transpose(0, 1).cpu(), targets, length_B.cpu(), sizes, reduction="none")
    return found, (-losses_B).exp()
