"""What the loop is given beside the task, what it counts, and what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..batch import Source
from .task import Output


@dataclass(frozen=True)
class Validation:
    """A held-out source, and how its predictions become metrics; `metric` chooses the best weights.

    Of weights that are equal by it, as often by the accuracy of few rows, those of the least `log_loss` are kept where
    that is measured, else the last. `wrong` says what shows that training leads nowhere, such as the same answer to
    everything; after a third of the steps it then begins again at a lower rate.
    """

    source: Source
    score: Callable[[Output], dict[str, float]]
    metric: str
    greater_is_better: bool = True
    wrong: Callable[[Output], str] | None = None


@dataclass(frozen=True)
class Settled:
    """Precision, threads, micro-batches and steps of a run."""

    precision: str
    threads: int
    accumulate: int
    total_steps: int

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of matrix products."""
        return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[self.precision]


@dataclass
class State:
    """The counters of a run: all that a resume needs beside tensors."""

    step: int = 0
    skipped: int = 0
    recoveries: int = 0
    rate_scale: float = 1.0
    best: float | None = None
    best_step: int = 0
    stale: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What a run came to; the task's model holds the best weights, or the last where there was no validation."""

    state: State
    settled: Settled
    weights: dict[str, Tensor] = field(repr=False)
    metrics: dict[str, float] = field(default_factory=dict)
    rows_per_second: float = 0.0
