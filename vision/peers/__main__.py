"""`python -m fourfold.vision.peers WORK CASE [--steps N] [--repeats N] [--threads N]`: rows as one line of JSON."""

from __future__ import annotations

from typing import Any

from ...core.benchmark.machine import peak_share
from ...core.benchmark.peers import Work, run_peers
from .augmentation import augmenters
from .prediction import predictors
from .setting import Setting, load_setting
from .trainers import trainers


def training_facts(setting: Setting, rate: float) -> dict[str, Any]:
    """Return what share of the machine ours reaches."""
    return peak_share(rate * image_gflop(setting))


def image_gflop(setting: Setting) -> float:
    """Return the GFLOP that training needs for an image: 6 a weight and token, and attention's products."""
    encoder = setting.our_model().config.encoder
    tokens = (setting.size // setting.patch) ** 2 + 1
    weights = encoder.num_layers * (4 * encoder.width**2 + 2 * encoder.width * encoder.hidden_width)
    return (6 * weights * tokens + 12 * encoder.num_layers * encoder.width * tokens**2) / 1e9


WORKS = {
    "training": Work(trainers, training_facts),
    "augmentation": Work(augmenters),
    "prediction": Work(predictors),
}


if __name__ == "__main__":
    run_peers("fourfold.vision.peers", WORKS, load_setting, steps=20)
