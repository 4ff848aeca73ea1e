"""How long it takes to score the candidates of one user: DeepCTR-Torch's `predict`, and ours.

Ours begins with a table, as a product has it, and looks every cell up; theirs begins with ids. `the model alone` begins
with ids, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch

from ...core.benchmark.speed import OURS, Block, Contender
from ...core.config import override
from ...core.training import predict
from ..config import PRESETS
from ..pipeline import ClickPredictor
from .setting import FIELDS, HIDDEN, WIDTH, count_of
from .training import deepctr_inputs, deepctr_model

_SIZE, _TRAIN_ROWS, _WARM = 3846, 20_000, 10
_CPU = torch.device("cpu")


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """A model that is trained, and rows of one user: as a table, and as ids for the other library."""

    model: ClickPredictor
    table: pd.DataFrame
    ids: Any
    calls: int
    threads: int


def load_candidates(case: str, steps: int, threads: int) -> Candidates:
    """Train DeepFM of 26 fields a few steps; the rows of a case such as "candidates_500" share half of their fields."""
    count, rng = count_of(case, "candidates"), np.random.default_rng(0)
    rows = (_SIZE ** rng.random((_TRAIN_ROWS, FIELDS))).astype(np.int64) - 1
    ids = rows[:count].copy()
    ids[:, : FIELDS // 2] = ids[0, : FIELDS // 2]  # what is the user's
    config = override(
        PRESETS["deepfm"](),
        {
            "model": {"width": WIDTH, "mlp": {"hidden": list(HIDDEN), "batch_norm": False, "dropout": 0.0}},
            "train": {"max_steps": 5, "evaluations": 1, "threads": threads},
        },
    )
    model = ClickPredictor("deepfm", config=config, device="cpu").fit(_table(rows), rng.integers(0, 2, _TRAIN_ROWS))
    return Candidates(model=model, table=_table(ids), ids=ids, calls=steps, threads=threads)


def scorers(given: Candidates) -> list[Contender]:
    """Return DeepCTR-Torch, ours, and our model alone."""
    other, inputs = deepctr_model(_SIZE), deepctr_inputs(given.ids)
    source = given.model.features_.source(given.model.read(given.table))

    def alone() -> Any:
        return predict(given.model.task_, source, _CPU, batch_rows=len(source))

    return [
        Contender("DeepCTR-Torch", lambda _: _calls(given, lambda: other.predict(inputs, len(given.ids)))),
        Contender(OURS, lambda _: _calls(given, lambda: given.model.predict(given.table))),
        Contender("ours, the model alone", lambda _: _calls(given, alone)),
    ]


def _calls(given: Candidates, work: Callable[[], Any]) -> Block:
    """Call so often, after a few calls to warm up; tell the median and the 99th percentile of a call."""
    torch.set_num_threads(given.threads)
    for _ in range(_WARM):
        work()
    times, cpu = [], time.process_time()
    for _ in range(given.calls):
        start = time.perf_counter()
        assert len(work()) == len(given.ids)
        times.append(time.perf_counter() - start)
    cpu = time.process_time() - cpu
    p50, p99 = (float(np.percentile(times, share)) * 1000 for share in (50, 99))
    more = {"p50_ms": p50, "p99_ms": p99}
    return Block(rows=given.calls * len(given.ids), seconds=sum(times), cpu_seconds=cpu, more=more)


def _table(ids: Any) -> pd.DataFrame:
    """Return ids as names, as a product has them."""
    return pd.DataFrame({f"f{field}": np.char.mod("v%d", ids[:, field]).astype(object) for field in range(FIELDS)})
