"""`python -m fourfold.vision.peers WORK CASE [--steps N] [--repeats N] [--threads N]`: rows as one line of JSON."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import torch

from ...core.benchmark import manifest
from ...core.benchmark.machine import matrix_peak
from ...core.benchmark.speed import OURS, Contender, speed_rows, take_turns
from ...core.device import cpu_has_bfloat16
from ...core.report import plain_json
from .augmentation import augmenters
from .prediction import predictors
from .setting import Setting, load_setting
from .trainers import trainers

WORK: dict[str, Callable[[Setting], list[Contender]]] = {
    "training": trainers,
    "augmentation": augmenters,
    "prediction": predictors,
}


def image_gflop(setting: Setting) -> float:
    """Return the GFLOP that training needs for an image: 6 a weight and token, and attention's products."""
    encoder = setting.our_model().config.encoder
    tokens = (setting.size // setting.patch) ** 2 + 1
    weights = encoder.num_layers * (4 * encoder.width**2 + 2 * encoder.width * encoder.hidden_width)
    return (6 * weights * tokens + 12 * encoder.num_layers * encoder.width * tokens**2) / 1e9


def main() -> None:
    """Measure one kind of work on one case."""
    parser = argparse.ArgumentParser(prog="python -m fourfold.vision.peers")
    parser.add_argument("work", choices=WORK)
    parser.add_argument("case")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    given = parser.parse_args()
    setting = load_setting(given.case, given.steps, given.threads)
    rows: list[dict[str, Any]] = speed_rows(given.work, take_turns(WORK[given.work](setting), given.repeats))
    if given.work == "training":
        peak = matrix_peak(torch.bfloat16 if cpu_has_bfloat16() else torch.float32)
        ours = next(row for row in rows if row["model"] == OURS)
        share = ours["rows_per_second"] * image_gflop(setting) / peak
        ours.update(peak_gflops=round(peak, 1), peak_share=round(share, 3))
    facts = {"case": given.case, "threads": given.threads, "manifest": manifest()}
    print(plain_json([row | facts for row in rows]))


if __name__ == "__main__":
    main()
