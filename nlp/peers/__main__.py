"""`python -m fourfold.nlp.peers WORK CASE [--steps N] [--repeats N] [--threads N]`: rows as one line of JSON."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import torch

from ...core.benchmark import manifest
from ...core.benchmark.machine import matrix_peak
from ...core.benchmark.speed import OURS, speed_rows, take_turns
from ...core.device import cpu_has_bfloat16
from ...core.report import plain_json
from .machine import row_gflop
from .ours import our_trainer, real_share
from .prediction import predictors
from .pretraining import pretrainers
from .setting import Setting, load_setting
from .trainer import their_trainers


def training(setting: Setting, repeats: int) -> list[dict[str, Any]]:
    """Train by A, A', B and ours in turns; say how full our batches are and what share of the machine ours reaches."""
    rows = speed_rows("training", take_turns([*their_trainers(setting), our_trainer(setting)], repeats))
    bfloat16 = cpu_has_bfloat16()
    peak = matrix_peak(torch.bfloat16 if bfloat16 else torch.float32)
    for row in rows:
        if row["model"] == OURS:
            row |= {"real_tokens": round(real_share(setting), 4), "peak_gflops": round(peak, 1)}
            row |= {"peak_share": round(row["rows_per_second"] * row_gflop(setting) / peak, 3)}
    return rows


def prediction(setting: Setting, repeats: int) -> list[dict[str, Any]]:
    """Predict by transformers' pipeline and ours in turns."""
    return speed_rows("prediction", take_turns(predictors(setting), repeats))


def pretraining(setting: Setting, repeats: int) -> list[dict[str, Any]]:
    """Train masked language models in turns."""
    return speed_rows("pretraining", take_turns(pretrainers(setting), repeats))


WORK: dict[str, Callable[[Setting, int], list[dict[str, Any]]]] = {
    "training": training,
    "prediction": prediction,
    "pretraining": pretraining,
}


def main() -> None:
    """Measure one kind of work on one case."""
    parser = argparse.ArgumentParser(prog="python -m fourfold.nlp.peers")
    parser.add_argument("work", choices=WORK)
    parser.add_argument("case")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    given = parser.parse_args()
    setting = load_setting(given.case, given.steps, given.threads)
    facts = {"case": given.case, "threads": given.threads, "manifest": manifest()}
    print(plain_json([row | facts for row in WORK[given.work](setting, given.repeats)]))


if __name__ == "__main__":
    main()
