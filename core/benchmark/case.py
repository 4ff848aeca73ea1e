"""What a benchmark case is, and what a result row holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..batch import Examples


@dataclass(frozen=True)
class Split:
    """Training and test rows as a case's `load` gives them; `valid` as `fit` takes it, a share or rows."""

    train: Examples
    test: Examples
    valid: Examples | float = 0.1


@dataclass(frozen=True, kw_only=True)
class Case:
    """A task to be learned and measured.

    `load(seed)` reads or makes the data. `about` says in a few words what it is; `synthetic` whether it is made up, and
    then `ceiling(seed)` may give the best reachable value of the main metric. `needs` is the folder below FOURFOLD_DATA
    without which the case is passed over. `settings` are nested settings on top of the preset's. `metric` is the one to
    report where it is not the domain's main one. `outside(seed)` gives rows that belong to no class: how well
    confidence tells them from the test rows is measured besides. A domain's first case that needs nothing is its part
    of `fourfold demo`.
    """

    name: str
    about: str
    load: Callable[[int], Split]
    synthetic: bool = False
    ceiling: Callable[[int], float] | None = None
    needs: str | None = None
    metric: str | None = None
    outside: Callable[[int], Examples] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def missing(self) -> str | None:
        """Say what the case lacks here, or None where it can run."""
        if self.needs is None:
            return None
        root = data_root()
        if root is None:
            return "FOURFOLD_DATA is not set"
        return None if (root / self.needs).exists() else f"{root / self.needs} does not exist"


@dataclass(frozen=True)
class Peer:
    """Another project that a domain measures itself against on a case.

    `command` prints a row, or a list of rows, as JSON. A row is a `Result`, or what `speed_rows` returns.
    """

    name: str
    case: str
    command: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Result:
    """One run of one model on one case: quality with its 95 % interval, cost, and the machine.

    `others` are all metrics of the run; `branches` what Transformer and linear model give by themselves, on `metric`.
    Times are in seconds, latencies in milliseconds for one row, memory and size in MB.
    """

    domain: str
    case: str
    model: str
    seed: int
    metric: str
    value: float
    low: float
    high: float
    greater_is_better: bool
    train_rows: int
    test_rows: int
    train_seconds: float
    train_rows_per_second: float
    predict_rows_per_second: float
    latency_p50_ms: float
    latency_p95_ms: float
    memory_mb: float
    parameters: int
    size_mb: float
    synthetic: bool
    ceiling: float | None = None
    others: dict[str, float] = field(default_factory=dict)
    branches: dict[str, float] = field(default_factory=dict)
    command: str = ""
    manifest: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values."""
        return asdict(self)


def fold(examples: Examples, number: int, folds: int = 5) -> Split:
    """Return one of the stratified folds that scikit-learn shuffles with the seed 0: fold `number` modulo `folds`."""
    from sklearn.model_selection import StratifiedKFold

    splitter = StratifiedKFold(folds, shuffle=True, random_state=0)
    train, test = list(splitter.split(np.zeros(len(examples)), examples.labels))[number % folds]
    return Split(examples.take(train), examples.take(test))


def data_root() -> Path | None:
    """Return the folder of real data sets that FOURFOLD_DATA names, if any."""
    root = os.environ.get("FOURFOLD_DATA")
    return Path(root) if root else None
