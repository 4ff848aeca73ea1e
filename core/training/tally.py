"""What happened in the steps since it was last looked at, kept on the device: no step waits for the host to look."""

from __future__ import annotations

import torch
from torch import Tensor

_MOST = 64


class Tally:
    """Counts steps; `read` returns (4,): the sum of the losses of the steps taken, their number, the steps skipped,
    and the steps skipped in a row up to now.

    >>> tally = Tally(torch.device("cpu"))
    >>> for loss, skipped in [(2.0, 0.0), (float("nan"), 1.0), (4.0, 0.0), (1.0, 1.0)]:
    ...     tally.add(torch.tensor(loss), torch.tensor(skipped))
    >>> tally.read().tolist()
    [6.0, 2.0, 2.0, 1.0]
    """

    def __init__(self, device: torch.device) -> None:
        # float64 holds the sum of ordinary losses exactly, in any order: a resumed run writes the same history.
        self._sums = torch.zeros(4, dtype=torch.float64, device=device)
        self._recent: list[tuple[Tensor, Tensor]] = []

    def add(self, loss: Tensor, skipped: Tensor) -> None:
        """Count a step; `skipped` is 1.0 or 0.0."""
        self._recent.append((loss, skipped))
        if len(self._recent) == _MOST:
            self.read()

    def read(self) -> Tensor:
        """Return the counts so far."""
        if self._recent:
            loss, skipped = (torch.stack(values).double() for values in zip(*self._recent, strict=True))
            self._recent.clear()
            in_a_row = skipped.flip(0).cumprod(0).sum() + self._sums[3] * skipped.prod()
            self._sums[:3] += torch.stack([loss.where(skipped == 0, 0.0).sum(), (1 - skipped).sum(), skipped.sum()])
            self._sums[3] = in_a_row
        return self._sums

    def restart(self) -> None:
        """Count from zero, but for the steps skipped in a row."""
        self.read()[:3] = 0

    def load(self, sums: Tensor) -> None:
        """Go on from what `read` returned."""
        self._recent.clear()
        self._sums.copy_(sums)
