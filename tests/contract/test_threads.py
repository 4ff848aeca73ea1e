"""A fitted model may answer from several threads at once, with the answers that it gives in one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from domain_data import Sample

THREADS, CALLS = 4, 24


def test_threads_get_the_serial_answers(sample: Sample, model: Any) -> None:
    X, _ = sample.make(CALLS, 5)
    examples = model.read(X)
    rows = [examples.take(np.array([row])) for row in range(CALLS)]
    serial = [model(row) for row in rows]
    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(model, rows)) == serial


def test_threads_read_for_themselves(sample: Sample, model: Any) -> None:
    """Raw inputs, not examples: readers and features have no state of a call either."""
    inputs = [sample.make(3, seed)[0] for seed in range(8)]
    serial = [model(X) for X in inputs]
    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(model, inputs)) == serial
