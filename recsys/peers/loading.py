"""Batches of 4,096 rows of 39 columns, in random order and without a model: FuxiCTR's loader, and ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ...core.benchmark.speed import OURS, Block, Contender, timed
from ...core.cache import Scratch, user_cache
from ...core.training.sampling import Steps, Windows
from ..data import ClickSource
from ..scale import NAMES, NUMBERS, VALUES
from . import fuxi
from .processes import timed_tree
from .setting import count_of

_BATCH, _BLOCK = 4096, 1 << 17
_IDS, _BINS = NAMES + NUMBERS, 128


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """Encoded rows in a mapped file, as training leaves them in the cache, and the same as Parquet."""

    source: ClickSource
    parquet: Path
    threads: int
    keep: Scratch


def load_rows(case: str, steps: int, threads: int) -> Encoded:
    """Draw the rows of a case such as "rows_1000000"; a block is all of them once, whatever the steps."""
    rows, folder = count_of(case, "rows"), user_cache().scratch()
    path = folder.folder
    table = np.memmap(path / "rows", np.int32, "w+", shape=(rows, _IDS + NUMBERS + 1))
    sizes = np.array([VALUES] * NAMES + [_BINS] * NUMBERS)
    for start in range(0, rows, _BLOCK):
        some, rng = table[start : start + _BLOCK], np.random.default_rng((0, start))
        some[:, :_IDS] = sizes ** rng.random((len(some), _IDS))
        some[:, _IDS:-1] = (some[:, NAMES:_IDS] + rng.random((len(some), NUMBERS))).astype(np.float32).view(np.int32)
        some[:, -1] = (rng.random(len(some)) < 0.25).astype(np.float32).view(np.int32)
    source = ClickSource(table, _IDS, NUMBERS)
    source.hidden[:NAMES] = 1
    parquet = fuxi.write_parquet(fuxi.columns_of(source.ids, source.labels), path / "train.parquet")
    return Encoded(source=source, parquet=parquet, threads=threads, keep=folder)


def loaders(rows: Encoded) -> list[Contender]:
    """Return FuxiCTR's loader, ours, and ours that hides one cell in twenty, as some presets train."""
    return [
        Contender("FuxiCTR", lambda repeat: _theirs(rows)),
        Contender(OURS, lambda repeat: _ours(rows, repeat, 0.0)),
        Contender("ours, hiding cells", lambda repeat: _ours(rows, repeat, 0.05)),
    ]


def _ours(rows: Encoded, repeat: int, dropout: float) -> Block:
    """Go through an epoch as training does on a table that is too large to be mixed as a whole: by windows."""
    rows.source.dropout = dropout
    plan = Windows(len(rows.source), seed=repeat, batch_rows=_BATCH)
    steps = Steps(rows.source, plan, len(plan), accumulate=1)
    batches = (steps[step][0].batch for step in range(len(plan)))
    return timed(OURS, len(rows.source), lambda: _all(len(rows.source), map(len, batches))).run(repeat)


def _theirs(rows: Encoded) -> Block:
    with TemporaryDirectory() as folder, fuxi.workers(rows.threads):
        fields = fuxi.feature_map(Path(folder), [VALUES] * NAMES + [_BINS] * NUMBERS)
        batches = fuxi.loader(fields, rows.parquet, _BATCH)
        sizes = (len(batch[fuxi.LABEL]) for batch in batches)
        return timed_tree(len(rows.source), lambda: _all(len(rows.source), sizes))


def _all(rows: int, sizes: Iterable[int]) -> None:
    assert sum(sizes) == rows, "every row comes once"
