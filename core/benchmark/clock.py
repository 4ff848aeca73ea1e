"""Time from the start of a trainer's loop, or from the end of one of its first steps, to the end of its last step."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass

import torch

from ..training import Silent
from .speed import Block


@dataclass
class Clock(Silent):
    """Notes the start and the end, by the clock and by the processor's time; an observer of our trainer.

    So many steps are skipped: what is done once, such as the first checkpoint, is then not counted.
    """

    skip: int = 0
    first: tuple[float, float] = (0.0, 0.0)
    last: tuple[float, float] = (0.0, 0.0)

    def begin(self, step: int, total: int) -> None:
        """Note the start."""
        self.first = time.perf_counter(), time.process_time()

    def advance(self, step: int) -> None:
        """Note the end of a step."""
        self.last = time.perf_counter(), time.process_time()
        if step == self.skip:
            self.first = self.last

    def watch(self, optimizer: torch.optim.Optimizer) -> None:
        """Begin now, and count the steps of the optimiser of another's loop."""
        steps = itertools.count(1)
        self.begin(0, 0)
        optimizer.register_step_post_hook(lambda *_: self.advance(next(steps)))

    def block(self, rows: int, quality: float | None = None) -> Block:
        """Return what was done between the two."""
        seconds, cpu_seconds = (last - first for first, last in zip(self.first, self.last, strict=True))
        return Block(rows=rows, seconds=seconds, cpu_seconds=cpu_seconds, quality=quality)
