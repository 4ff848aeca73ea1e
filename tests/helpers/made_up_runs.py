"""Rows of made-up runs, with what pairs them, for the tests of what comes after the running."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from fourfold.core.benchmark.kept import keep
from fourfold.core.benchmark.results import Results
from fourfold.core.benchmark.row import Row
from fourfold.core.metrics import Ratio, interval

ROWS = 400


def right(share: float, seed: int = 0, rows: int = ROWS) -> np.ndarray:
    """Which rows a model gets right: nested, so that a better model is right wherever a worse one is, but for a few."""
    random = np.random.default_rng((7, rows)).random(rows)
    noise = np.random.default_rng((seed, rows)).random(rows) < 0.01
    return ((random < share) ^ noise).astype(np.float64)


def row(folder: Path, model: str, kind: str, quality: float, *, seed: int = 0, case: str = "toys", **more: Any) -> Row:
    """A run whose accuracy is about `quality`."""
    statistic = Ratio(right(quality, seed), np.ones(ROWS))
    found, name = interval(statistic), f"{case}-{model}-{seed}-{more.get('share', 1)}.safetensors"
    keep(statistic, folder / "rows" / name)
    return {
        "domain": "nlp", "case": case, "model": model, "label": more.pop("label", model), "kind": kind, "seed": seed,
        "share": 1.0, "metric": "accuracy", "value": found.value, "low": found.low, "high": found.high,
        "greater_is_better": True, "train_rows": 1000, "test_rows": ROWS, "train_seconds": 1.5,
        "train_rows_per_second": 666.0, "predict_rows_per_second": 1234.0, "latency_p50_ms": 0.5,
        "latency_p95_ms": 0.9, "memory_mb": 300.0, "parameters": 12_345, "size_mb": 0.2, "energy_joules": 15.0,
        "energy_source": "estimated: made up", "synthetic": True, "train_hash": "a" * 64, "test_hash": "b" * 64,
        "ceiling": None, "others": {}, "branches": {}, "settings": {}, "note": "", "about": "toys of two colours",
        "kept": name, "load": 0.5, "command": f"fourfold bench --case {case} --model {model} --seed {seed}",
        "manifest": {"processor": "a made-up one", "cores": 2, "commit": "abc1234"},
    } | more  # fmt: skip


def ladder(folder: Path, prior: float, classical: float, tiny: float, **more: Any) -> list[Row]:
    """The rungs of a case, by about how often each is right."""
    kinds = (("prior", "prior", prior), ("svm", "classical", classical), ("tiny", "core", tiny))
    return [row(folder, model, kind, share, **more) for model, kind, share in kinds]


def results(folder: Path, rows: Iterable[Row], command: str = "") -> Results:
    return Results.of("quick", "2026-11-27T10:00:00Z", rows, folder, command)
