"""Two gloo ranks under torchrun equal one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from toy import toy_task

from fourfold.core.errors import Unsupported
from fourfold.core.training.distributed import Ranks, spread

HELPERS = Path(__file__).parents[1] / "helpers"


def launch(script: str, out: Path, *arguments: str, ranks: int) -> None:
    paths = [str(HELPERS), str(HELPERS.parents[1] / ".src")]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"]
    command = [*(torchrun if ranks > 1 else [sys.executable]), str(HELPERS / script), str(out), *arguments]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def run(out: Path, parallel: str, ranks: int) -> dict[str, torch.Tensor]:
    launch("rank_run.py", out, parallel, ranks=ranks)
    return load_file(out)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    return run(tmp_path_factory.mktemp("alone") / "out.safetensors", "ddp", 1)


@pytest.mark.parametrize("parallel", ["ddp", "fsdp"])
def test_two_ranks_equal_one(parallel: str, tmp_path: Path, alone: dict[str, torch.Tensor]) -> None:
    together = run(tmp_path / "out.safetensors", parallel, 2)
    assert together.keys() == alone.keys()
    for name, value in alone.items():
        torch.testing.assert_close(together[name], value, atol=1e-4 if name == "logits" else 1e-5, rtol=0, msg=name)


def test_ranks_take_the_features_that_rank_0_learned(tmp_path: Path) -> None:
    """In each domain, though rank 1 learns from other rows; and texts of any length."""
    launch("rank_features.py", tmp_path, ranks=2)
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2))
    assert first == second and set(first) == {"nlp", "vision", "recsys", "speech", "texts"}
    assert first["texts"] == ["", "é" * 5000]
    launch("rank_features.py", tmp_path, ranks=1)
    assert json.loads((tmp_path / "0.json").read_text()) == first


def test_tables_with_sparse_gradients_say_how_they_train_under_ranks() -> None:
    task = toy_task()
    task.model.add_module("table", torch.nn.Embedding(10, 4, sparse=True))
    with pytest.raises(Unsupported) as error:
        spread(task, "ddp", Ranks(0, 2))
    assert str(error.value) == (
        "tables with sparse gradients train in one process only; set model.sparse_rows=0 under torchrun"
    )
