"""Two gloo ranks under torchrun equal one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

HELPERS = Path(__file__).parents[3] / "helpers"


def run(out: Path, parallel: str, ranks: int) -> dict[str, torch.Tensor]:
    paths = [str(HELPERS), str(HELPERS.parents[1] / ".src")]
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"]
    command = [*(launch if ranks > 1 else [sys.executable]), str(HELPERS / "rank_run.py"), str(out), parallel]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
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
