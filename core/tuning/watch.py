"""Who watches a trial: reports its validation values, and ends it where it has no chance or no time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..training import Silent
from ..training.progress import Row

if TYPE_CHECKING:
    from optuna import Trial


class Ended(Exception):
    """Ends a trial from inside the trainer, which leaves nothing behind; `Study` answers it."""


class Pruned(Ended):
    """Other trials were better at the same share of training."""


class OutOfTime(Ended):
    """The study's budget is spent."""


class Stopped(Ended):
    """A signal asked the study to end."""


class Watch(Silent):
    """Reports the best validation value so far at each evaluation; `judged` trials are pruned, the default never is."""

    def __init__(
        self,
        trial: Trial,
        metric: str,
        *,
        greater_is_better: bool,
        evaluations: int,
        judged: bool,
        deadline: float,
        stopped: Callable[[], int],
    ):
        self.trial, self.name, self.sign = trial, f"valid_{metric}", 1 if greater_is_better else -1
        self.evaluations, self.judged, self.deadline, self.stopped = evaluations, judged, deadline, stopped
        self.best, self.done, self.start, self.share = -math.inf, -1, time.monotonic(), 0.0

    def begin(self, step: int, total_steps: int) -> None:
        self.total, self.every = total_steps, max(1, math.ceil(total_steps / self.evaluations))

    def advance(self, step: int) -> None:
        self.share = step / self.total
        if self.stopped():
            raise Stopped
        if time.monotonic() > self.deadline:
            raise OutOfTime

    def log(self, row: Row) -> None:
        number = math.ceil(row["step"] / self.every)
        if self.name not in row or number <= self.done:  # a step that is done again after a return to a good state
            return
        self.done = number
        if math.isfinite(row[self.name]):
            self.best = max(self.best, self.sign * row[self.name])
        self.note()
        self.trial.report(self.sign * self.best if math.isfinite(self.best) else math.nan, number)
        # Asking also notes how the trial stood at this point, for those that come later.
        if self.trial.should_prune() and self.judged and row["step"] < self.total:
            raise Pruned

    def note(self, **attributes: Any) -> None:
        """Write down what the trial has cost so far, with which a killed study goes on, and what came of it."""
        self.trial.set_user_attr("cost", [round(time.monotonic() - self.start, 3), round(self.share, 4)])
        for name, value in attributes.items():
            self.trial.set_user_attr(name, value)
