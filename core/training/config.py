"""The trainer's settings; every domain's configuration holds one as `train`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from ..errors import BadBudget, BadValue

_LEAST_ROWS = 16


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """AdamW (Loshchilov and Hutter, 2019), with another optimiser for embedding tables with sparse gradients.

    `lr` is the peak rate; `weight_decay` spares biases, norms and embeddings; `clip` bounds the gradient's norm (0:
    off). Dense embeddings have the penalty ½ · `table_l2` · ‖W‖² in their loss, so that it goes through Adam's moments
    (unlike `weight_decay`). Tables with sparse gradients are trained by `sparse`, at the rate `table_lr`.
    """

    lr: float = 1e-3
    weight_decay: float = 0.01
    beta1: float = 0.9
    beta2: float = 0.98
    eps: float = 1e-8
    clip: float = 1.0
    table_l2: float = 0.0
    sparse: Literal["adagrad", "adam"] = "adagrad"
    table_lr: float = 0.05

    def __post_init__(self) -> None:
        if self.lr <= 0:
            raise BadValue(f"train.optimizer.lr ({self.lr}) must be above 0")
        if not (0 <= self.beta1 < 1 and 0 <= self.beta2 < 1):
            raise BadValue(f"train.optimizer.beta1 ({self.beta1}) and beta2 ({self.beta2}) must lie in [0, 1)")
        for name in ("clip", "table_l2"):
            if getattr(self, name) < 0:
                raise BadValue(f"train.optimizer.{name} ({getattr(self, name)}) must be 0 (off) or above")
        if self.sparse not in ("adagrad", "adam"):
            raise BadValue(f"train.optimizer.sparse: no optimiser '{self.sparse}'; there is adagrad and adam")


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig:
    """How the rate moves: `warmup` and `decay` are shares of all steps; `floor` is the last rate over the peak.

    `plateau` multiplies the rate by `drop` whenever the validation metric has not improved for `patience` evaluations.
    """

    name: Literal["cosine", "linear", "wsd", "constant", "plateau"] = "cosine"
    warmup: float = 0.1
    decay: float = 0.2
    floor: float = 0.0
    drop: float = 0.1
    patience: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.warmup < 1:
            raise BadValue(f"train.schedule.warmup ({self.warmup}) must lie in [0, 1): it is a share of all steps")
        for name in ("decay", "floor", "drop"):
            if not 0 <= getattr(self, name) <= 1:
                raise BadValue(f"train.schedule.{name} ({getattr(self, name)}) must lie in [0, 1]")
        if self.patience < 1:
            raise BadValue(f"train.schedule.patience ({self.patience}) must be 1 or above")


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Everything that decides a training run, beside the data and the model.

    `batch_tokens` bounds rows × longest row of a batch (0: `batch_rows` alone counts). Where data are few, a batch has
    fewer rows than `batch_rows`, so that an epoch has `epoch_steps` steps at least (0: always `batch_rows`). `budget`
    ("90s", "10m", "1h") sets the number of steps after a short calibration; otherwise `epochs` does, bounded by
    `max_steps` and, from the first epoch's end on, by `max_tokens` (rows × length of all steps; 0: no bound).
    `patience` stops after so many evaluations without a better `metric` (0: never); the best weights are kept, those
    before the first step among them with `eval_on_start`. `class_weights` "balanced" has every class weigh the same in
    total, as in scikit-learn. `ema` is the decay of averaged weights (0: off). With a teacher, `teacher_weight` is the
    share of the loss that is the distance to it, and `temperature` how soft its probabilities are made; of speech it is
    the share of the rows that learn its transcript.
    """

    epochs: float = 10.0
    max_steps: int = 0
    max_tokens: int = 0
    budget: str | None = None
    batch_rows: int = 64
    batch_tokens: int = 0
    epoch_steps: int = 0
    accumulate: int = 1
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    label_smoothing: float = 0.0
    class_weights: Literal["none", "balanced"] = "none"
    ema: float = 0.0
    teacher_weight: float = 0.5
    temperature: float = 2.0
    metric: str | None = None
    patience: int = 0
    evaluations: int = 10
    eval_on_start: bool = False
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    compile: bool = False
    workers: int = 0
    threads: int = 0
    checkpoint_seconds: float = 60.0
    parallel: Literal["ddp", "fsdp"] = "ddp"
    tensorboard: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_rows", "accumulate", "evaluations", "temperature"):
            if getattr(self, name) <= 0:
                raise BadValue(f"train.{name} ({getattr(self, name)}) must be above 0")
        for name in ("ema", "label_smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise BadValue(f"train.{name} ({getattr(self, name)}) must lie in [0, 1)")
        if not 0 <= self.teacher_weight <= 1:
            raise BadValue(f"train.teacher_weight ({self.teacher_weight}) must lie in [0, 1]")
        counts = ("seed", "max_steps", "max_tokens", "batch_tokens", "epoch_steps", "patience", "workers", "threads")
        for name in (*counts, "checkpoint_seconds"):
            if getattr(self, name) < 0:
                raise BadValue(f"train.{name} ({getattr(self, name)}) must be 0 or above")
        if self.budget is not None:
            budget_seconds(self.budget)

    def rows_of_batch(self, rows: int) -> int:
        """Return how many rows a batch of so many has: none a single one, which batch norms cannot take.

        >>> config = TrainConfig(batch_rows=4096, epoch_steps=20)
        >>> config.rows_of_batch(200_000), config.rows_of_batch(5_000), config.rows_of_batch(4 * 4096 + 1)
        (4096, 250, 819)
        >>> TrainConfig(batch_rows=16).rows_of_batch(33)
        17
        """
        few = max(_LEAST_ROWS, rows // self.epoch_steps) if self.epoch_steps else self.batch_rows
        size = min(self.batch_rows, few)
        while size < rows and rows % size == 1:
            size += 1
        return size


def budget_seconds(budget: str) -> float:
    """Return a time budget in seconds.

    >>> budget_seconds("10m")
    600.0
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh])", budget.strip())
    if not match or float(match[1]) == 0:
        raise BadBudget(f"budget '{budget}' is not a time; write 90s, 10m or 1h")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]
