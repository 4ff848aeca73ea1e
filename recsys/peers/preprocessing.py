"""From a CSV of 39 columns to rows that can be trained on: FuxiCTR's `FeatureProcessor`, and ours."""

from __future__ import annotations

import contextlib
import io
import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ...core.benchmark.speed import OURS, Block, Contender, timed
from ...core.cache import Scratch, user_cache
from ..data import ClickFeatures, ClickFeaturesConfig, read
from ..scale import NAMES, NUMBERS, write_rows
from . import fuxi
from .processes import timed_tree
from .setting import count_of


@dataclass(frozen=True, kw_only=True)
class Log:
    """A CSV of so many rows: a label, 13 numbers and 26 names that follow Zipf's law; and the threads."""

    path: Path
    rows: int
    threads: int
    keep: Scratch


def load_log(case: str, steps: int, threads: int) -> Log:
    """Write the log of a case such as "rows_400000"; a block is the whole of it, whatever the steps."""
    rows, folder = count_of(case, "rows"), user_cache().scratch()
    path = folder.folder / "log.csv"
    write_rows(path, rows)
    return Log(path=path, rows=rows, threads=threads, keep=folder)


def processors(log: Log) -> list[Contender]:
    """Return FuxiCTR, as it ships, and ours; names that occur once are rare for both."""
    return [
        Contender("FuxiCTR", lambda _: _theirs(log)),
        Contender(OURS, lambda _: _ours(log)),
    ]


def _ours(log: Log) -> Block:
    """Read, learn the fields and encode; threads are Arrow's."""
    stages: dict[str, float] = {}

    def work() -> None:
        with _threads(log.threads):
            start = time.perf_counter()
            examples = read(log.path)
            stages["read_seconds"] = time.perf_counter() - start
            features = ClickFeatures.fit(examples, ClickFeaturesConfig(min_count=2))
            stages["learn_seconds"] = time.perf_counter() - start - stages["read_seconds"]
            assert len(features.source(examples, training=True)) == log.rows
            stages["encode_seconds"] = time.perf_counter() - start - sum(stages.values())

    return replace(timed(OURS, log.rows, work).run(0), more=stages)


@contextlib.contextmanager
def _threads(count: int) -> Any:
    """Give Arrow so many threads."""
    import pyarrow as pa

    before = pa.cpu_count()
    pa.set_cpu_count(count)
    try:
        yield
    finally:
        pa.set_cpu_count(before)


def _theirs(log: Log) -> Block:
    """Fit the processor and build the data set: Parquet files of ids, which its loader reads."""
    from fuxictr.preprocess import FeatureProcessor, build_dataset

    columns = [
        {
            "name": [f"I{number}" for number in range(1, NUMBERS + 1)], "active": True, "dtype": "float",
            "type": "numeric", "normalizer": "MinMaxScaler",
        },
        {
            "name": [f"C{number}" for number in range(1, NAMES + 1)], "active": True, "dtype": "str",
            "type": "categorical",
        },
    ]  # fmt: skip

    with TemporaryDirectory() as folder, fuxi.workers(log.threads), contextlib.redirect_stdout(io.StringIO()):

        def work() -> None:
            processor = FeatureProcessor(
                feature_cols=columns, label_col={"name": "label", "dtype": "float"}, dataset_id="log", data_root=folder
            )
            build_dataset(processor, train_data=str(log.path), min_categr_count=2)

        return timed_tree(log.rows, work)
