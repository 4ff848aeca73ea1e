"""`python -m fourfold.recsys.peers WORK CASE [--steps N] [--repeats N] [--threads N]`: rows as one line of JSON.

training and memory: small_4096, large_256 and the like (the size of the tables, the rows a step); preprocessing and
loading: rows_400000 (of 39 columns); scoring: candidates_500 (of one user, so many times a block as there are steps);
folds: adult and the like (the areas of LightGBM beside those of ours, a fold a repeat).
"""

from __future__ import annotations

from typing import Any

from ...core.benchmark.machine import peak_share
from ...core.benchmark.peers import Work, run_peers
from .folds import learners, load_folds
from .loading import load_rows, loaders
from .memory import alone
from .preprocessing import load_log, processors
from .scoring import load_candidates, scorers
from .setting import Setting, load_setting
from .training import row_gflop, trainers


def training_facts(setting: Setting, rate: float) -> dict[str, Any]:
    """Return what share of the machine ours reaches."""
    return peak_share(rate * row_gflop())


WORKS = {
    "training": Work(trainers, training_facts),
    "memory": Work(alone),
    "preprocessing": Work(processors, load=load_log),
    "loading": Work(loaders, load=load_rows),
    "scoring": Work(scorers, load=load_candidates),
    "folds": Work(learners, load=load_folds),
}


if __name__ == "__main__":
    run_peers("fourfold.recsys.peers", WORKS, load_setting, steps=20)
