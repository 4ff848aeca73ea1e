"""What the trainer costs beside a bare loop: `python -m fourfold.core.benchmark.overhead`.

The same model of about a million parameters, the same batches and the same optimiser, in one process; blocks of steps
alternate, and which goes first does too, so that a slow minute of the machine hits both. Reported: the median over the
blocks of the median step, which leaves out the machine's pauses and the log's lines (100 a run, some 150 µs each), and
the 95 % interval of the median difference.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ..batch import Batch, Draw, Rows
from ..device import autocast
from ..report import plain_json
from ..training import Classification, OptimizerConfig, Silent, TrainConfig, Trainer
from ..training.optimizers import decay_groups
from .manifest import manifest

WIDTH, HIDDEN, CLASSES, ROWS, BATCH = 256, 1024, 10, 4096, 64
_BLOCK, _BLOCKS = 300, 20


class Vectors:
    """Random vectors with random classes, gathered in batches."""

    lengths: npt.NDArray[np.int64] | None = None

    def __init__(self) -> None:
        random = torch.Generator().manual_seed(0)
        self.values = torch.randn(ROWS, WIDTH, generator=random)
        self.labels = torch.randint(CLASSES, (ROWS,), generator=random)

    def __len__(self) -> int:
        return ROWS

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        """Return `values` (B, 256) and `label` (B,)."""
        index = torch.from_numpy(rows)
        return Batch({"values": self.values[index], "label": self.labels[index]})


class Network(nn.Module):
    """Three linear layers: 1.3 million parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(WIDTH, HIDDEN),
            nn.GELU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.GELU(),
            nn.Linear(HIDDEN, CLASSES),
        )

    def forward(self, batch: Batch) -> Tensor:
        """Return logits (B, 10)."""
        logits: Tensor = self.layers(batch["values"])
        return logits


@dataclass
class _Clock(Silent):
    """Notes the time of every step."""

    times: list[float]

    def advance(self, step: int) -> None:
        self.times.append(time.perf_counter())


def trainer_block(precision: str) -> float:
    """Return the median seconds of a step of the trainer."""
    clock = _Clock([])
    config = TrainConfig(epochs=_BLOCK * BATCH / ROWS, batch_rows=BATCH, precision=precision)  # type: ignore[arg-type]
    torch.manual_seed(0)
    Trainer(config, torch.device("cpu"), observer=clock).fit(Classification(Network()), Vectors())
    return float(np.median(np.diff(clock.times)))


def bare_block(precision: str) -> float:
    """Return the same of a loop that does no more than it must: order, rate, clipping and the loss's sum."""
    torch.manual_seed(0)
    model, source, device = Network(), Vectors(), torch.device("cpu")
    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}[precision]
    optimizer = torch.optim.AdamW(decay_groups(model, OptimizerConfig()), lr=1e-3, betas=(0.9, 0.98), fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, _BLOCK)
    total, times, step = torch.zeros(()), [], 0
    while step < _BLOCK:
        for rows in np.split(np.random.default_rng(step).permutation(ROWS), ROWS // BATCH)[: _BLOCK - step]:
            batch = source.batch(rows)
            optimizer.zero_grad(set_to_none=True)
            with autocast(device, dtype):
                loss = nn.functional.cross_entropy(model(batch).float(), batch["label"])
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
            optimizer.step()
            schedule.step()
            total += loss.detach()
            step += 1
            times.append(time.perf_counter())
    return float(np.median(np.diff(times)))


def measure(precision: str) -> dict[str, Any]:
    """Return medians in microseconds a step, and the overhead with its 95 % interval."""
    pairs = np.array([_pair(precision, block % 2 == 0) for block in range(_BLOCKS + 1)][1:]) * 1e6
    overheads = pairs[:, 0] - pairs[:, 1]
    draws = np.random.default_rng(0).choice(overheads, (2000, len(overheads)))
    low, high = np.percentile(np.median(draws, axis=1), [2.5, 97.5])
    trainer, bare = np.median(pairs, axis=0)
    return {
        "precision": precision,
        "trainer_us": round(float(trainer), 1),
        "bare_us": round(float(bare), 1),
        "overhead_us": round(float(np.median(overheads)), 1),
        "low_us": round(float(low), 1),
        "high_us": round(float(high), 1),
        "overhead_share": round(float(np.median(overheads) / bare), 4),
    }


def _pair(precision: str, bare_first: bool) -> tuple[float, float]:
    """Return the seconds a step of the trainer and of the bare loop, run in either order."""
    if bare_first:
        bare = bare_block(precision)
        return trainer_block(precision), bare
    return trainer_block(precision), bare_block(precision)


def main() -> None:
    """Measure in both precisions and print one JSON object."""
    parameters = sum(p.numel() for p in Network().parameters())
    rows = [measure(precision) for precision in ("float32", "bfloat16")]
    print(plain_json({"parameters": parameters, "rows": rows, "manifest": manifest()}))


if __name__ == "__main__":
    main()
