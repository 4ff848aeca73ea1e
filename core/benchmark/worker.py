"""One benchmark run in a process of its own: `python -m fourfold.core.benchmark.worker DOMAIN CASE MODEL SEED`."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from ..config import override
from ..domains import domain as find_domain
from .case import Case, Result, Split
from .manifest import manifest

_LATENCY_CALLS = 50
_RATE_ROWS = 2000


def run(domain: str, case: Case, model: str, seed: int) -> Result:
    """Load the case, train the model, measure it on the test rows, and return the row."""
    split = case.load(seed)
    return measure(domain, case, model, seed, split, fit(domain, case, model, seed, split))


def fit(domain: str, case: Case, model: str, seed: int, split: Split) -> Any:
    """Train a preset of the domain's pipeline on the case's training rows."""
    kind = find_domain(domain).load_pipeline()
    config = override(kind(preset=model).resolve(), case.settings)
    return kind(preset=model, seed=seed, config=config).fit(split.train)


def measure(domain: str, case: Case, model: str, seed: int, split: Split, pipeline: Any) -> Result:
    """Measure a fitted pipeline on the case's test rows."""
    evaluation = pipeline.evaluate(split.test)
    quality, latencies = evaluation.metrics[evaluation.main_metric], _latencies(pipeline, split)
    seconds = pipeline.facts_.get("train_seconds") or pipeline.facts_["baseline_seconds"]
    return Result(
        domain=domain, case=case.name, model=model, seed=seed, metric=evaluation.main_metric, value=quality.value,
        low=quality.low, high=quality.high, greater_is_better=evaluation.greater_is_better,
        train_rows=len(split.train), test_rows=len(split.test), train_seconds=round(seconds, 2),
        train_rows_per_second=round(pipeline.facts_.get("rows_per_second") or len(split.train) / max(seconds, 1e-3), 1),
        predict_rows_per_second=round(_rate(pipeline, split), 1),
        latency_p50_ms=round(float(np.percentile(latencies, 50)), 3),
        latency_p95_ms=round(float(np.percentile(latencies, 95)), 3),
        memory_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        parameters=pipeline.facts_["parameters"], size_mb=round(_size(pipeline) / 1e6, 3), synthetic=case.synthetic,
        ceiling=case.ceiling(seed) if case.ceiling else None,
        command=f"fourfold bench --domain {domain} --case {case.name} --preset {model} --seeds {seed + 1}",
        manifest=manifest(),
    )  # fmt: skip


def _size(pipeline: Any) -> int:
    """Return the bytes of what prediction needs of the saved model."""
    with tempfile.TemporaryDirectory() as folder:
        saved = pipeline.save(Path(folder) / "model")
        return sum(path.stat().st_size for path in saved.glob("*") if path.suffix in (".safetensors", ".json"))


def _latencies(pipeline: Any, split: Split) -> list[float]:
    """Return milliseconds of single-row predictions, after one to warm up."""
    times = []
    for call in range(_LATENCY_CALLS + 1):
        one = split.test.take(np.array([call % len(split.test)]))
        start = time.perf_counter()
        pipeline(one)
        times.append((time.perf_counter() - start) * 1000)
    return times[1:]


def _rate(pipeline: Any, split: Split) -> float:
    rows = split.test.take(np.arange(min(_RATE_ROWS, len(split.test))))
    start = time.perf_counter()
    pipeline(rows)
    return len(rows) / (time.perf_counter() - start)


def main(arguments: list[str]) -> None:
    """Run one case and print its row as JSON on the last line of stdout."""
    from ..report import plain_json

    domain, name, model, seed = arguments
    cases = {case.name: case for case in find_domain(domain).load_cases()}
    print(plain_json(run(domain, cases[name], model, int(seed)).to_dict()))


if __name__ == "__main__":
    main(sys.argv[1:])
