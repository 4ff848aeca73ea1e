"""An epoch of DeepFM over a block of rows: DeepCTR-Torch and FuxiCTR as they ship, and ours.

The clock begins behind the first step, which pays for what is paid once: our first checkpoint, moments of the
optimisers, the pass of FuxiCTR's loader that mixes the rows.
"""

from __future__ import annotations

import contextlib
import io
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
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
from . import fuxi
from .setting import FIELDS, HIDDEN, PENALTY, RATE, WIDTH, Setting

CPU = torch.device("cpu")
_AT_ONCE = 1024


def trainers(setting: Setting) -> list[Contender]:
    """Return DeepCTR-Torch and FuxiCTR as they ship, and ours."""
    return [
        Contender("DeepCTR-Torch", lambda repeat: _deepctr(setting, repeat)),
        Contender("FuxiCTR", lambda repeat: _fuxictr(setting, repeat)),
        Contender(OURS, lambda repeat: _ours(setting, repeat)),
    ]


def row_gflop() -> float:
    """Return the GFLOP that training the perceptron needs for a row."""
    widths = (FIELDS * WIDTH, *HIDDEN, 1)
    return 6 * sum(a * b for a, b in pairwise(widths)) / 1e9


def deepctr_model(size: int, seed: int = 0) -> Any:
    """Return DeepCTR-Torch's DeepFM with Adam and binary cross-entropy, as its examples have it."""
    from deepctr_torch.inputs import SparseFeat
    from deepctr_torch.models import DeepFM

    columns = [SparseFeat(f"f{field}", size, WIDTH) for field in range(FIELDS)]
    with contextlib.redirect_stdout(io.StringIO()):
        model = DeepFM(
            columns, columns, dnn_hidden_units=HIDDEN, l2_reg_linear=PENALTY, l2_reg_embedding=PENALTY, seed=seed
        )
    model.compile("adam", "binary_crossentropy")
    return model


def deepctr_inputs(ids: Any) -> dict[str, Any]:
    """Return ids (N, F) as DeepCTR-Torch takes them."""
    return {f"f{field}": ids[:, field] for field in range(FIELDS)}


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
    clock = Clock(skip=1)
    Trainer(train, CPU, observer=clock).fit(task, _source(setting.train))
    said = predict(task, _source(setting.test), CPU, batch_rows=_AT_ONCE)
    return _block(setting, clock, said)


def _deepctr(setting: Setting, repeat: int) -> Block:
    torch.set_num_threads(setting.threads)
    (ids, labels), model, clock = setting.train, deepctr_model(setting.size, repeat), Clock(skip=1)
    clock.watch(model.optim)
    with contextlib.redirect_stdout(io.StringIO()):
        model.fit(deepctr_inputs(ids), labels, batch_size=setting.batch, epochs=1, verbose=0)
    return _block(setting, clock, model.predict(deepctr_inputs(setting.test[0]), _AT_ONCE)[:, 0])


def _fuxictr(setting: Setting, repeat: int) -> Block:
    """Train from a Parquet file by the library's loader; its validation and checkpoint lie behind the last step.

    The processor's time is that of this process: what Ray's workers need to read the file goes uncounted.
    """
    torch.set_num_threads(setting.threads)
    with TemporaryDirectory() as path, fuxi.workers(setting.threads):
        folder, clock = Path(path), Clock(skip=1)
        fields = fuxi.feature_map(folder, [setting.size] * FIELDS)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(repeat)
            model = fuxi.deep_fm(fields, folder, width=WIDTH, hidden=HIDDEN, penalty=2 * PENALTY, rate=RATE)
        rows = fuxi.write_parquet(fuxi.columns_of(*setting.train), folder / "train.parquet")
        test = fuxi.in_memory(fuxi.columns_of(*setting.test), _AT_ONCE)
        batches = fuxi.loader(fields, rows, setting.batch)
        clock.watch(model.optimizer)
        model.fit(batches, 1, validation_data=test)
        return _block(setting, clock, model.predict(test))


def _block(setting: Setting, clock: Clock, said: Any) -> Block:
    """Return what was done behind the first step, and the area on the test rows."""
    return clock.block(setting.rows - setting.batch, value_of(RocAuc(setting.test[1], np.asarray(said))))
