"""The contract on CUDA: skipped, and named, where there is none."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from domain_data import SAMPLES, Sample
from toy import ToySource, toy_task

from fourfold.core.training import TrainConfig, Trainer, predict
from fourfold.core.training.distributed import Ranks
from fourfold.core.training.sampling import Plan, Steps
from fourfold.core.training.step import Stepper

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
CUDA = torch.device("cuda")


@pytest.fixture(params=sorted(SAMPLES))
def sample(request: pytest.FixtureRequest) -> Sample:
    return SAMPLES[request.param]


def test_tiny_data_is_learned_by_heart_and_loads_on_the_processor(sample: Sample, tmp_path: Path) -> None:
    X, y = sample.make(40, 3)
    model = sample.pipeline(seed=1, device="cuda").fit(X, y, valid=0)
    assert model.score(X, y) >= 0.95
    model.save(tmp_path / "run")
    again = type(model).load(tmp_path / "run", device="cpu")
    assert again.score(X, y) == pytest.approx(model.score(X, y), abs=0.05)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_every_precision_trains(precision: str) -> None:
    config = TrainConfig(epochs=4, batch_rows=16, precision=precision)  # type: ignore[arg-type]
    outcome = Trainer(config, CUDA).fit(toy_task(), ToySource(64))
    assert outcome.state.step == 16


def test_a_step_does_not_wait_for_the_device() -> None:
    source, task = ToySource(64), toy_task()
    task.model.to(CUDA)
    stepper = Stepper(task, TrainConfig(), CUDA, torch.float32, Ranks())
    steps = Steps(source, Plan(source.lengths, 64, seed=0, batch_rows=16), 10, accumulate=1)
    pinned = [[part._replace(batch=part.batch.pin_memory()) for part in steps[number]] for number in range(2)]
    stepper(pinned[0], 1.0)  # the first step sets up what later ones use
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.cuda.set_sync_debug_mode("error")
    try:
        stepper(pinned[1], 1.0)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_out_of_memory_halves_the_micro_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """An injected fault: batches of more than eight rows do not fit."""
    task, real = toy_task(dropout=0.0), type(toy_task()).loss

    def loss(self: Any, batch: Any) -> Any:
        if len(batch) > 8:
            raise torch.OutOfMemoryError("injected")
        return real(self, batch)

    monkeypatch.setattr(type(task), "loss", loss)
    outcome = Trainer(TrainConfig(epochs=2, batch_rows=32), CUDA).fit(task, ToySource(64))
    assert outcome.settled.accumulate == 4


def test_the_processor_and_the_device_agree() -> None:
    task, source = toy_task(dropout=0.0), ToySource(64)
    here = predict(task, source, torch.device("cpu"))
    task.model.to(CUDA)
    np.testing.assert_allclose(predict(task, source, CUDA), here, atol=1e-5)
