"""An epoch of DeepFM over a block of rows: DeepCTR-Torch as it ships, and ours."""

from __future__ import annotations

import contextlib
import io
import time
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from ...core.benchmark.clock import Clock
from ...core.benchmark.speed import OURS, Block, Contender
from ...core.metrics import RocAuc, value_of
from ...core.training import (
    BinaryClassification,
    OptimizerConfig,
    ScheduleConfig,
    TrainConfig,
    Trainer,
    predict,
)
from ..data import ClickSource
from ..model import ClickModel, ClickModelConfig, MLPConfig
from .setting import FIELDS, HIDDEN, PENALTY, RATE, WIDTH, Setting

CPU = torch.device("cpu")


def trainers(setting: Setting) -> list[Contender]:
    """Return DeepCTR-Torch as it ships and ours."""
    return [
        Contender("DeepCTR-Torch", lambda repeat: _theirs(setting, repeat)),
        Contender(OURS, lambda repeat: _ours(setting, repeat)),
    ]


def row_gflop() -> float:
    """Return the GFLOP that training the perceptron needs for a row."""
    widths = (FIELDS * WIDTH, *HIDDEN, 1)
    return 6 * sum(a * b for a, b in pairwise(widths)) / 1e9


def _source(rows: tuple[Any, Any]) -> ClickSource:
    ids, labels = rows
    return ClickSource.of(ids, np.zeros((len(ids), 0), np.float32), labels)


def _ours(setting: Setting, repeat: int) -> Block:
    config = ClickModelConfig(
        parts=("linear", "fm", "mlp"), width=WIDTH, deviation=1e-4, gain="one",
        mlp=MLPConfig(hidden=HIDDEN, batch_norm=False),
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(repeat)
        task = BinaryClassification(ClickModel(config, [setting.size] * FIELDS))
    optimizer = OptimizerConfig(lr=RATE, weight_decay=0.0, beta2=0.999, clip=0.0, table_l2=2 * PENALTY)
    train = TrainConfig(
        epochs=1, batch_rows=setting.batch, seed=repeat, threads=setting.threads, optimizer=optimizer,
        schedule=ScheduleConfig(name="constant", warmup=0.0), precision="float32", checkpoint_seconds=3600,
    )  # fmt: skip
    clock = Clock()
    Trainer(train, CPU, observer=clock).fit(task, _source(setting.train))
    said = np.asarray(predict(task, _source(setting.test), CPU, batch_rows=1024))
    return clock.block(setting.rows, value_of(RocAuc(setting.test[1], said)))


def _theirs(setting: Setting, repeat: int) -> Block:
    """Train with Adam and binary cross-entropy, as its examples do; building the model is not counted."""
    from deepctr_torch.inputs import SparseFeat
    from deepctr_torch.models import DeepFM

    torch.set_num_threads(setting.threads)
    columns = [SparseFeat(f"f{field}", setting.size, WIDTH) for field in range(FIELDS)]
    ids, labels = setting.train
    with contextlib.redirect_stdout(io.StringIO()):
        model = DeepFM(
            columns, columns, dnn_hidden_units=HIDDEN, l2_reg_linear=PENALTY, l2_reg_embedding=PENALTY, seed=repeat
        )
        model.compile("adam", "binary_crossentropy")
        start = time.perf_counter(), time.process_time()
        model.fit(_named(ids), labels, batch_size=setting.batch, epochs=1, verbose=0)
        seconds, cpu_seconds = time.perf_counter() - start[0], time.process_time() - start[1]
        said = model.predict(_named(setting.test[0]), 1024)[:, 0]
    area = value_of(RocAuc(setting.test[1], said))
    return Block(rows=setting.rows, seconds=seconds, cpu_seconds=cpu_seconds, quality=area)


def _named(ids: Any) -> dict[str, Any]:
    return {f"f{field}": ids[:, field] for field in range(FIELDS)}
