"""What is settled before the first step, written down, and repeated by a resume."""

from __future__ import annotations

import time

import torch

from ..batch import Draw, Rows, Source
from ..device import pick_precision
from ..errors import BadBudget
from .config import TrainConfig, budget_seconds
from .distributed import Ranks
from .inference import predict
from .sampling import Plan, Steps
from .state import Settled, Validation
from .step import Stepper
from .task import Task
from .weights import kept_weights

_CALIBRATION_SHARE = 0.03
_MIN_STEPS = 5
_SPREAD = (5**0.5 - 1) / 2
"""Multiples of it fill the interval from 0 to 1 evenly, however many they are."""


def settle(
    config: TrainConfig,
    device: torch.device,
    ranks: Ranks,
    task: Task,
    source: Source,
    plan: Plan,
    validation: Validation | None = None,
) -> Settled:
    """Decide precision, threads, micro-batches and the number of steps; the model is left as it was."""
    dtype = pick_precision(config.precision, device)
    threads = config.threads or torch.get_num_threads()
    trial = _Trial(config, device, dtype, ranks, task, source, plan)
    accumulate = trial.fit_memory() if device.type == "cuda" else config.accumulate
    wanted = _wanted(config, plan)
    total = min(wanted, config.max_steps or wanted, plan.steps_over(config.max_tokens) or wanted)
    if config.budget is not None:
        total = int(ranks.from_main(trial.steps_in(budget_seconds(config.budget), accumulate, validation), device))
    return Settled(str(dtype).removeprefix("torch."), threads, accumulate, total)


def cut_short(config: TrainConfig, plan: Plan, total: int) -> str:
    """Return which setting ends training before its epochs are over, and how to lift it; nothing where none does."""
    if config.budget is not None or total >= _wanted(config, plan):
        return ""
    name = "max_steps" if total == config.max_steps else "max_tokens"
    return (
        f"train.{name} ({getattr(config, name):,}) ends training after {total / len(plan):.1f} of {config.epochs:g} "
        f"epochs; train.{name}=0 lifts it"
    )


def _wanted(config: TrainConfig, plan: Plan) -> int:
    return max(1, round(config.epochs * len(plan)))


class _Trial:
    """Steps on a model that is put back afterwards."""

    def __init__(
        self,
        config: TrainConfig,
        device: torch.device,
        dtype: torch.dtype,
        ranks: Ranks,
        task: Task,
        source: Source,
        plan: Plan,
    ):
        self.config, self.device, self.dtype, self.ranks = config, device, dtype, ranks
        self.task, self.source, self.plan = task, source, plan

    def fit_memory(self) -> int:
        """Return the micro-batches a step that fit in memory: halved on all ranks alike until the largest batch
        fits."""
        accumulate, rows = self.config.accumulate, self.plan.largest()
        with kept_weights(self.task.model):
            while accumulate < len(rows):
                failed = torch.tensor([float(not self._fits(rows, accumulate))], device=self.device)
                if self.ranks.sum(failed).item() == 0:
                    break
                accumulate *= 2
        return accumulate

    def _fits(self, rows: Rows, accumulate: int) -> bool:
        """Try a batch as it is when training begins, and as it is at the end."""
        share = rows[self.ranks.rank :: self.ranks.size]
        part = share[: -(-len(share) // accumulate)]
        try:
            alone = Stepper(self.task, self.config, self.device, self.dtype, Ranks())
            for progress in (0.0, 1.0):
                batch = self.source.batch(part, Draw(self.config.seed, 0, progress))
                alone.backward([(batch.to(self.device), 1.0)])
        except torch.OutOfMemoryError:
            return False
        finally:
            self.task.model.zero_grad(set_to_none=True)
            torch.cuda.empty_cache()
        return True

    def steps_in(self, seconds: float, accumulate: int, validation: Validation | None) -> int:
        """Return how many steps, with the evaluations between them, fill a time budget."""
        with kept_weights(self.task.model):
            spent, taken = self._timed(seconds, accumulate)
            evaluations = self.config.evaluations + self.config.eval_on_start
            aside = spent + evaluations * self._evaluation_seconds(validation)
        if aside >= seconds:
            raise BadBudget(
                f"budget '{self.config.budget}' is too short: calibration and {self.config.evaluations} evaluations "
                f"take {aside:.2f} s; raise it, or lower train.evaluations"
            )
        return max(1, int((seconds - aside) * 0.97 * taken / spent))

    def _timed(self, seconds: float, accumulate: int) -> tuple[float, int]:
        """Return the seconds that some steps took, spread over the whole of training, and their number."""
        stepper = Stepper(self.task, self.config, self.device, self.dtype, Ranks())
        total = _wanted(self.config, self.plan)
        steps = Steps(self.source, self.plan, total, accumulate=accumulate, rank=self.ranks.rank, ranks=self.ranks.size)

        def take(step: int, progress: float) -> None:
            draw = Draw(self.config.seed, 0, progress)
            float(stepper(steps.split(self.plan.rows(step), draw), 1e-3))

        for progress in (0.0, 1.0):  # to warm up whatever is made anew for a shape
            take(0, progress)
        start, taken = time.monotonic(), 0
        while taken < _MIN_STEPS or time.monotonic() - start < _CALIBRATION_SHARE * seconds:
            taken += 1
            take(taken, taken * _SPREAD % 1)
        return time.monotonic() - start, taken

    def _evaluation_seconds(self, validation: Validation | None) -> float:
        start = time.monotonic()
        if validation is not None:
            validation.score(predict(self.task, validation.source, self.device, dtype=self.dtype))
        return time.monotonic() - start
