"""`python -m fourfold.recsys.peers WORK CASE [--steps N] [--repeats N] [--threads N]`: rows as one line of JSON."""

from __future__ import annotations

from typing import Any

from ...core.benchmark.machine import peak_share
from ...core.benchmark.peers import Work, run_peers
from .setting import Setting, load_setting
from .training import row_gflop, trainers


def training_facts(setting: Setting, rate: float) -> dict[str, Any]:
    """Return what share of the machine ours reaches."""
    return peak_share(rate * row_gflop())


WORKS = {"training": Work(trainers, training_facts)}


if __name__ == "__main__":
    run_peers("fourfold.recsys.peers", WORKS, load_setting, steps=20)
