"""Every domain on CUDA, by the command line and in Python: skipped, and named, where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch._inductor.config as inductor
import torch.distributed as dist
from domain_data import SAMPLES, Sample
from torchrun import free_port, train_with_ranks
from toy import ToySource, toy_task

from fourfold.core.config import override
from fourfold.core.training import TrainConfig
from fourfold.core.training.distributed import Ranks, whole
from fourfold.core.training.step import Stepper

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


@pytest.fixture(params=sorted(SAMPLES))
def sample(request: pytest.FixtureRequest) -> Sample:
    return SAMPLES[request.param]


def changed(sample: Sample, changes: dict[str, Any], **settings: Any) -> Any:
    """Return a pipeline of the domain, tiny, with other settings."""
    pipeline = sample.pipeline(device="cuda", verbose=False, **settings)
    return pipeline.set_params(config=override(pipeline.resolve(), changes))


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_every_precision_trains_and_its_answers_are_the_processors(
    sample: Sample, precision: str, tmp_path: Path
) -> None:
    X, y = sample.make(40, 3)
    model = changed(sample, {"train": {"precision": precision}}, seed=1).fit(X, y, valid=0)
    assert model.score(X, y) >= 0.9
    model.save(tmp_path / "run")
    again = type(model).load(tmp_path / "run", device="cpu")
    assert again.score(X, y) == pytest.approx(model.score(X, y), abs=0.05)


@pytest.mark.filterwarnings("default")  # torch's compiler warns of itself, and of the card
def test_a_compiled_step_trains(sample: Sample) -> None:
    X, y = sample.make(40, 3)
    settings = [{"compile": compile, "epochs": 3, "precision": "float32"} for compile in (True, False)]
    with inductor.patch(fallback_random=True):  # else dropout takes other units
        found = [changed(sample, {"train": one}, seed=1).fit(X, y, valid=0).history_ for one in settings]
    losses = [[row["loss"] for row in history if "loss" in row] for history in found]
    np.testing.assert_allclose(losses[0], losses[1], rtol=0.02)


def test_workers_hand_over_pinned_batches(sample: Sample) -> None:
    X, y = sample.make(40, 3)
    settings = [{"epochs": 2, "precision": "float32", "workers": workers} for workers in (0, 2)]
    found = [changed(sample, {"train": one}, seed=1).fit(X, y, valid=0).history_ for one in settings]
    losses = [[row["loss"] for row in history if "loss" in row] for history in found]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)


@pytest.mark.parametrize("sparse", ["adagrad", "adam"])
def test_tables_with_sparse_gradients_train(sparse: str) -> None:
    X, y = SAMPLES["recsys"].make(60, 3)
    changes = {"model": {"sparse_rows": 1}, "train": {"optimizer": {"sparse": sparse}}}
    assert changed(SAMPLES["recsys"], changes, seed=1).fit(X, y, valid=0).score(X, y) >= 0.9


@pytest.mark.parametrize("name", ["small32", "small64"])
def test_images_with_channels_last_train_at_two_sizes(name: str) -> None:
    X, y = SAMPLES["vision"].make(60, 3)
    kind = type(SAMPLES["vision"].pipeline())
    pipeline = kind(name, seed=1, device="cuda", verbose=False)
    pipeline.set_params(config=override(pipeline.resolve(), {"train": {"epochs": 12}}))
    assert pipeline.fit(X, y, valid=0).score(X, y) >= 0.9


@pytest.mark.parametrize("parallel", ["ddp", "fsdp"])
def test_gradients_go_through_nccl(parallel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One device takes one rank only, so this is a group of one; every collective runs all the same."""
    group = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "RANK": "0", "WORLD_SIZE": "1"}
    for name, value in group.items():
        monkeypatch.setenv(name, value)
    device, ranks, source = torch.device("cuda", 0), Ranks(0, 2), ToySource(16)
    alone, together = toy_task(dropout=0.0), toy_task(dropout=0.0)
    batch = source.batch(np.arange(16)).to(device)
    dist.init_process_group("nccl", device_id=device)
    try:
        steppers = [
            Stepper(task, TrainConfig(parallel=parallel), device, torch.float32, found)  # type: ignore[arg-type]
            for task, found in ((alone, Ranks()), (together, ranks))
            if task.model.to(device)
        ]
        losses = [float(stepper.backward([(batch, 1.0)])) for stepper in steppers]
        grads = [[whole(p.grad) for p in task.model.parameters() if p.grad is not None] for task in (alone, together)]
        assert ranks.from_main(0.5, device) == 0.5
        assert ranks.text_from_main("a run", device) == "a run"
        ranks.wait()
    finally:
        dist.destroy_process_group()
    assert losses[0] == pytest.approx(losses[1])
    for one, other in zip(*grads, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA devices")
@pytest.mark.parametrize("parallel", ["ddp", "fsdp"])
def test_ranks_train_one_model(sample: Sample, parallel: str, tmp_path: Path) -> None:
    ranks = torch.cuda.device_count()
    train_with_ranks(sample.name, sample.write(tmp_path, 60, 5), tmp_path / "run", ranks=ranks, parallel=parallel)
