"""How a rung is trained and measured."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from ..batch import Examples
from ..config import override
from ..domains import domain as find_domain
from ..metrics import RocAuc, interval, value_of
from ..run import content_hash
from .case import Case, Split
from .energy import Energy
from .kept import keep
from .ladder import LINEAR, PRIOR
from .manifest import manifest
from .prior import prior_of
from .row import Result, Row

_CALLS, _FEWEST_CALLS, _SECONDS = 50, 10, 5.0
"""Single predictions that are timed, so many at least, and not for longer than this where they are slow."""
_RATE_ROWS = 2000


def build(domain: str, case: Case, model: str, seed: int, init: str | None = None) -> Any:
    """Return the pipeline of a rung, not yet fitted, with the case's settings."""
    card = find_domain(domain)
    kind = card.load_pipeline()
    preset, changes = (model, {}) if model in kind.presets else (LINEAR, _changes(kind, model))
    config = override(override(kind(preset, init=init).resolve(), case.settings), changes)
    pipeline = prior_of(kind, card.load_extra("prior")) if model == PRIOR else kind(preset, init=init)
    return pipeline.set_params(seed=seed, config=config)


def fit(domain: str, case: Case, model: str, seed: int, split: Split, init: str | None = None) -> Any:
    """Train a rung on the case's training rows; DoesNotFit where it is a model that does not fit them."""
    return build(domain, case, model, seed, init).fit(split.train, valid=split.valid)


def measure(
    head: Row, case: Case, split: Split, pipeline: Any, energy: Energy, rows: Path | None = None, note: str = ""
) -> Result:
    """Measure a fitted pipeline on the case's test rows; its statistic is kept in `rows` for comparisons in pairs."""
    latencies, facts = _latencies(pipeline, split.test), pipeline.facts_
    begin = time.perf_counter()
    outputs, branches = pipeline.outputs_of(split.test)
    seconds = time.perf_counter() - begin
    found = pipeline.statistics(outputs, split.test)
    metric = case.metric or next(iter(found))
    quality = interval(found[metric])
    is_kept = rows is not None and keep(found[metric], rows)
    others = {name: value_of(one) for name, one in found.items()} | _outside(case, head["seed"], split, pipeline)
    return Result(
        **head,
        metric=metric,
        value=quality.value,
        low=quality.low,
        high=quality.high,
        greater_is_better=found[metric].greater_is_better,
        train_rows=len(split.train),
        test_rows=len(split.test),
        train_seconds=facts["fit_seconds"],
        train_rows_per_second=round(_training_rate(facts, split), 1),
        predict_rows_per_second=round(_rate(pipeline, split, seconds), 1),
        latency_p50_ms=round(float(np.percentile(latencies, 50)), 3),
        latency_p95_ms=round(float(np.percentile(latencies, 95)), 3),
        latency_calls=len(latencies),
        memory_mb=round(_peak_memory(), 1),
        parameters=facts["parameters"],
        size_mb=round(_size(pipeline) / 1e6, 4),
        energy_joules=round(energy.joules, 1),
        energy_source=energy.source,
        synthetic=case.synthetic,
        train_hash=content_hash(split.train),
        test_hash=content_hash(split.test),
        ceiling=case.ceiling(head["seed"]) if case.ceiling else None,
        others=others,
        branches={name: value_of(pipeline.statistics(said, split.test)[metric]) for name, said in branches.items()},
        note=note,
        about=case.about,
        kept=rows.name if rows is not None and is_kept else "",
        manifest=manifest(),
    )


def part_of(split: Split, share: float, seed: int) -> Split:
    """Return the split with a share of its training rows, drawn from the seed; a larger share holds a smaller one."""
    if share >= 1:
        return split
    count = len(split.train)
    order = np.random.default_rng((seed, count)).permutation(count)
    return Split(split.train.take(np.sort(order[: max(1, round(share * count))])), split.test, split.valid)


def _changes(kind: Any, model: str) -> dict[str, Any]:
    chosen = kind.classical and model in kind.classical
    return {"classical": {"model": model}} if chosen else {}


def _training_rate(facts: dict[str, Any], split: Split) -> float:
    return float(facts.get("rows_per_second") or len(split.train) / max(facts["fit_seconds"], 1e-3))


def _outside(case: Case, seed: int, split: Split, pipeline: Any) -> dict[str, float]:
    """Return how well confidence tells test rows from rows that belong to no class, where the case has some."""
    if case.outside is None:
        return {}
    sure = [np.array([one.probability for one in pipeline(rows)]) for rows in (split.test, case.outside(seed))]
    inside = np.repeat([1, 0], [len(one) for one in sure])
    return {"outside_roc_auc": value_of(RocAuc(inside, np.concatenate(sure)))}


def _size(pipeline: Any) -> int:
    """Return the bytes of what prediction needs of the saved model: its own weights, features and settings."""
    with tempfile.TemporaryDirectory() as folder:
        saved = pipeline.save(Path(folder) / "model")
        return sum(path.stat().st_size for path in saved.rglob("*") if path.suffix in (".safetensors", ".json"))


def _latencies(pipeline: Any, test: Examples) -> list[float]:
    """Return milliseconds of single-row predictions, after one to warm up."""
    times: list[float] = []
    begin = time.perf_counter()
    for call in range(_CALLS + 1):
        one = test.take(np.array([call % len(test)]))
        start = time.perf_counter()
        pipeline(one)
        times.append((time.perf_counter() - start) * 1000)
        if call >= _FEWEST_CALLS and time.perf_counter() - begin > _SECONDS:
            break
    return times[1:]


def _rate(pipeline: Any, split: Split, seconds: float) -> float:
    """Return rows a second in batches: of all test rows, or, where these took no time to speak of, of some again."""
    if seconds > 1:
        return len(split.test) / seconds
    rows = split.test.take(np.arange(min(_RATE_ROWS, len(split.test))))
    start = time.perf_counter()
    pipeline(rows)
    return len(rows) / (time.perf_counter() - start)


def _peak_memory() -> float:
    """Return the most memory that this process has held, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1024
