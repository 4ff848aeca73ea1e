"""`python -m fourfold.nlp.peers WORK CASE [--steps N] [--repeats N] [--threads N]`: rows as one line of JSON."""

from __future__ import annotations

from typing import Any

from ...core.benchmark.machine import peak_share
from ...core.benchmark.peers import Work, run_peers
from .machine import row_gflop
from .ours import our_trainer, real_share
from .prediction import predictors
from .pretraining import pretrainers
from .setting import Setting, load_setting
from .trainer import their_trainers


def training_facts(setting: Setting, rate: float) -> dict[str, Any]:
    """Return how full our batches are, and what share of the machine ours reaches."""
    return {"real_tokens": round(real_share(setting), 4)} | peak_share(rate * row_gflop(setting))


WORKS = {
    "training": Work(lambda setting: [*their_trainers(setting), our_trainer(setting)], training_facts),
    "prediction": Work(predictors),
    "pretraining": Work(pretrainers),
}


if __name__ == "__main__":
    run_peers("fourfold.nlp.peers", WORKS, load_setting, steps=200)
