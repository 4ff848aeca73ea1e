"""One benchmark run in a process of its own.

`python -m fourfold.core.benchmark.worker DOMAIN CASE MODEL SEED [INIT]`
"""

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
from ..metrics import RocAuc, value_of
from .case import Case, Result, Split
from .manifest import manifest

_LATENCY_CALLS = 50
_RATE_ROWS = 2000


def run(domain: str, case: Case, model: str, seed: int, init: str | None = None) -> Result:
    """Load the case, train the model, measure it on the test rows, and return the row."""
    split = case.load(seed)
    return measure(domain, case, model, seed, split, fit(domain, case, model, seed, split, init))


def fit(domain: str, case: Case, model: str, seed: int, split: Split, init: str | None = None) -> Any:
    """Train a preset of the domain's pipeline on the case's training rows."""
    kind = find_domain(domain).load_pipeline()
    config = override(kind(model, init=init).resolve(), case.settings)
    return kind(model, init=init, seed=seed, config=config).fit(split.train, valid=split.valid)


def measure(domain: str, case: Case, model: str, seed: int, split: Split, pipeline: Any) -> Result:
    """Measure a fitted pipeline on the case's test rows."""
    evaluation = pipeline.evaluate(split.test)
    metric = case.metric or evaluation.main_metric
    quality, latencies, facts = evaluation.metrics[metric], _latencies(pipeline, split), pipeline.facts_
    rate = facts.get("rows_per_second") or len(split.train) / max(facts["fit_seconds"], 1e-3)
    others = {name: found.value for name, found in evaluation.metrics.items()} | _outside(case, seed, split, pipeline)
    return Result(
        domain=domain, case=case.name, model=model, seed=seed, metric=metric, value=quality.value, low=quality.low,
        high=quality.high, greater_is_better=evaluation.greater_is_better, train_rows=len(split.train),
        test_rows=len(split.test), train_seconds=facts["fit_seconds"], train_rows_per_second=round(rate, 1),
        predict_rows_per_second=round(_rate(pipeline, split), 1),
        latency_p50_ms=round(float(np.percentile(latencies, 50)), 3),
        latency_p95_ms=round(float(np.percentile(latencies, 95)), 3),
        memory_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        parameters=facts["parameters"], size_mb=round(_size(pipeline) / 1e6, 3), synthetic=case.synthetic,
        ceiling=case.ceiling(seed) if case.ceiling else None, others=others,
        branches={name: found[metric].value for name, found in evaluation.branches.items()},
        command=f"fourfold bench --domain {domain} --case {case.name} --preset {model} --seeds {seed + 1}",
        manifest=manifest(),
    )  # fmt: skip


def _outside(case: Case, seed: int, split: Split, pipeline: Any) -> dict[str, float]:
    """Return how well confidence tells test rows from rows that belong to no class, where the case has some."""
    if case.outside is None:
        return {}
    sure = [np.array([one.probability for one in pipeline(rows)]) for rows in (split.test, case.outside(seed))]
    inside = np.repeat([1, 0], [len(one) for one in sure])
    return {"outside_roc_auc": value_of(RocAuc(inside, np.concatenate(sure)))}


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

    domain, name, model, seed, *init = arguments
    cases = {case.name: case for case in find_domain(domain).load_cases()}
    print(plain_json(run(domain, cases[name], model, int(seed), *init).to_dict()))


if __name__ == "__main__":
    main(sys.argv[1:])
