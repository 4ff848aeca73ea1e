"""Training runs that happen in processes of their own, so that they can be killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import torch
from toy import ToySource, toy_task

from fourfold.core.training import Silent, TrainConfig, Trainer, Validation

TOTAL = 24


class Fault(Silent):
    """Sends this process a signal when a step is done."""

    def __init__(self, step: int, number: int):
        self.step, self.number = step, number

    def advance(self, step: int) -> None:
        if step == self.step:
            os.kill(os.getpid(), self.number)


def toy_run(folder: Path, *, stop_at: int, by: int = signal.SIGKILL, workers: int = 0) -> None:
    """Train the toy for 24 steps in `folder`, going on where it holds a checkpoint; a signal comes after `stop_at`."""
    torch.set_num_threads(1)
    multiprocessing.set_start_method("fork", force=True)  # for the loader's workers; this process came of a forkserver
    valid = ToySource(32, seed=1)
    validation = Validation(valid, lambda out: {"accuracy": float((out.argmax(1) == valid.labels).mean())}, "accuracy")
    config = TrainConfig(
        epochs=6,
        batch_rows=16,
        ema=0.9,
        workers=workers,
        evaluations=6,
        checkpoint_seconds=0.002,
        seed=3,
        accumulate=2,
    )
    trainer = Trainer(config, torch.device("cpu"), folder, Fault(stop_at, by))
    trainer.fit(toy_task(), ToySource(64), validation)


def stopped_run(folder: Path, *, workers: int = 0) -> None:
    """The same, stopped by SIGTERM after its last step, so that the whole state is left in the checkpoint."""
    toy_run(folder, stop_at=TOTAL, by=signal.SIGTERM, workers=workers)
