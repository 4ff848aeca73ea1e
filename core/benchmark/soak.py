"""Whether predictions stay right, fast and small for long: `python -m fourfold.core.benchmark.soak --minutes 20`.

The model `tiny` of each domain learns the domain's first embedded case. Then `--threads` threads call all of them side
by side, each with one row or a few, and compare every answer with the one that the model gave before, alone. Printed
as JSON: the calls, wrong answers and errors of each domain, the median and the 95th and 99th percentile of a call in
milliseconds, and the resident memory, of which the slope after the first tenth says whether it grows.
"""

from __future__ import annotations

import argparse
import threading
import time
from array import array
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ..batch import Examples
from ..domains import domains
from ..objectives import Prediction
from ..report import plain_json
from .demo import embedded_case
from .manifest import manifest
from .measuring import fit

_ROWS = (1, 1, 1, 8)
"""The rows of a call: mostly one."""

_PAGE_MB = 4096 / 2**20
_EVERY, _SETTLED = 1.0, 0.1


@dataclass
class Served:
    """A domain's model with the rows that it is asked about, what it answered alone, and what came of the calls.

    What comes of a call is appended, which no other thread can undo.
    """

    name: str
    model: Any
    rows: Examples
    alone: list[Prediction]
    milliseconds: array[float] = field(default_factory=lambda: array("d"))
    wrong: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def call(self, rows: npt.NDArray[np.int64]) -> None:
        """Ask about some rows, and note how long it took and whether the answers are the same."""
        start = time.perf_counter()
        try:
            answers = self.model(self.rows.take(rows))
        except Exception as error:  # whatever it is, it is counted
            self.errors.append(f"{type(error).__name__}: {error}")
            return
        self.milliseconds.append(1000 * (time.perf_counter() - start))
        self.wrong += [row for one, row in zip(answers, rows.tolist(), strict=True) if not _same(one, self.alone[row])]

    def result(self) -> dict[str, Any]:
        """Return the counts and percentiles."""
        found = {"calls": len(self.milliseconds), "wrong": len(self.wrong), "errors": dict(Counter(self.errors))}
        if self.milliseconds:
            p50, p95, p99 = np.percentile(self.milliseconds, (50, 95, 99)).round(2).tolist()
            found |= {"p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "max_ms": round(max(self.milliseconds), 2)}
        return found


def _same(one: Prediction, other: Prediction) -> bool:
    """Say whether two answers are the same: labels, and numbers to 1e-4, since batches are summed in another order."""
    labels = one.label == other.label or (isinstance(one.label, float) and _close(one.label, other.label))
    return labels and one.error == other.error and _close(one.probability, other.probability)


def _close(number: Any, other: Any) -> bool:
    return number is other or bool(np.isclose(number, other, rtol=0, atol=1e-4))


def served() -> list[Served]:
    """Train a small model for each domain that has an embedded case."""
    found = []
    for domain in domains().values():
        if (case := embedded_case(domain)) is None:
            continue
        split = case.load(0)
        model = fit(domain.name, case, "tiny", 0, split)
        found.append(Served(domain.name, model, split.test, model(split.test)))
    return found


def soak(models: list[Served], threads: int, seconds: float) -> list[tuple[float, float]]:
    """Call the models from so many threads for so long; return the resident memory in MB at each second."""
    stop = threading.Event()

    def work(number: int) -> None:
        random = np.random.default_rng(number)
        while not stop.is_set():
            one = models[random.integers(len(models))]
            one.call(random.integers(len(one.rows), size=random.choice(_ROWS)))

    workers = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(threads)]
    for worker in workers:
        worker.start()
    start, memory = time.monotonic(), []
    while (now := time.monotonic() - start) < seconds:
        memory.append((now, resident_mb()))
        time.sleep(_EVERY)
    stop.set()
    for worker in workers:
        worker.join()
    return memory


def resident_mb() -> float:
    """Return the memory that this process holds, in MB (Linux)."""
    return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * _PAGE_MB


def growth(memory: list[tuple[float, float]]) -> dict[str, float]:
    """Return the memory once all is warm and at the end (medians of a tenth each), and its slope between.

    >>> growth([(float(second), 500 + 0.01 * second) for second in range(1000)])
    {'warm_mb': 501.5, 'end_mb': 509.5, 'mb_per_hour': 36.0}
    """
    times, sizes = np.array(memory).T
    tenth = max(1, round(_SETTLED * len(times)))
    slope = np.polyfit(times[tenth:], sizes[tenth:], 1)[0] if len(times) > tenth + 1 else 0.0
    warm, end = np.median(sizes[tenth : 2 * tenth] if len(sizes) > tenth else sizes), np.median(sizes[-tenth:])
    return {
        "warm_mb": round(float(warm), 1), "end_mb": round(float(end), 1), "mb_per_hour": round(float(slope) * 3600, 1)
    }  # fmt: skip


def main() -> None:
    """Serve, and print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--threads", type=int, default=8)
    asked = parser.parse_args()
    torch.set_num_threads(1)  # the threads here are what runs side by side
    models = served()
    memory = soak(models, asked.threads, 60 * asked.minutes)
    found = {one.name: one.result() for one in models}
    print(plain_json(vars(asked) | {"domains": found, "memory": growth(memory), "manifest": manifest()}))


if __name__ == "__main__":
    main()
