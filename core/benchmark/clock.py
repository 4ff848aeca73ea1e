"""Time from the start of a trainer's loop, our first checkpoint included, to the end of its last step."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ..training import Silent
from .speed import Block


@dataclass
class Clock(Silent):
    """Notes the start and the end, by the clock and by the processor's time; an observer of our trainer."""

    first: tuple[float, float] = (0.0, 0.0)
    last: tuple[float, float] = (0.0, 0.0)

    def begin(self, step: int, total: int) -> None:
        """Note the start."""
        self.first = time.perf_counter(), time.process_time()

    def advance(self, step: int) -> None:
        """Note the end of a step."""
        self.last = time.perf_counter(), time.process_time()

    def block(self, rows: int, quality: float | None = None) -> Block:
        """Return what was done between the two."""
        seconds, cpu_seconds = (last - first for first, last in zip(self.first, self.last, strict=True))
        return Block(rows=rows, seconds=seconds, cpu_seconds=cpu_seconds, quality=quality)
