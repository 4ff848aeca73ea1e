"""Our trainer in its own precision, on batches of like length."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ...core.benchmark.clock import Clock
from ...core.benchmark.speed import OURS, Block, Contender
from ...core.training import Classification, OptimizerConfig, ScheduleConfig, TrainConfig, Trainer, plan_for, predict
from .setting import RATE, ROWS_A_STEP, Setting

CPU = torch.device("cpu")


def our_trainer(setting: Setting) -> Contender:
    """Train from the first weights with AdamW and the linear schedule of transformers' defaults."""
    source = setting.source(setting.split.train)
    test, labels = setting.source(setting.split.test), setting.labels("test")

    def run(repeat: int) -> Block:
        config = train_config(setting, repeat)
        clock, task = Clock(), Classification(setting.our_model())
        Trainer(config, CPU, observer=clock).fit(task, source)
        said = np.asarray(predict(task, test, CPU)).argmax(1)
        return clock.block(len(source), float((said == labels).mean()))

    return Contender(OURS, run)


def train_config(setting: Setting, seed: int) -> TrainConfig:
    """Return the settings of a block; the precision is chosen for the machine."""
    return TrainConfig(
        epochs=1, batch_rows=ROWS_A_STEP, seed=seed, threads=setting.threads,
        optimizer=OptimizerConfig(lr=RATE, weight_decay=0.0, beta2=0.999),
        schedule=ScheduleConfig(name="linear", warmup=0.0),
    )  # fmt: skip


def real_share(setting: Setting, steps: int = 1000) -> float:
    """Return the share of real tokens in our batches when it trains on all rows of the case."""
    source: Any = setting.features.source(setting.full)  # its lengths are there, which the protocol leaves open
    plan = plan_for(source, seed=0, batch_rows=ROWS_A_STEP)
    batches = [source.lengths[plan.rows(step)] for step in range(min(steps, len(plan)))]
    return sum(int(rows.sum()) for rows in batches) / sum(len(rows) * int(rows.max()) for rows in batches)
