"""The command line under torchrun: two ranks train one model, the first alone writes and speaks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from domain_data import Sample


@pytest.mark.slow
@pytest.mark.parametrize("parallel", ["ddp", "fsdp"])
def test_two_ranks_train_one_model(sample: Sample, data_file: Path, parallel: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "fourfold"]
    options = ["--preset", "tiny", "--set", f"train.parallel={parallel}", "--set", "train.epochs=2", "--json"]
    done = subprocess.run(
        [*command, sample.name, "train", str(data_file), "--out", str(tmp_path / "run"), *options],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"].startswith("Ship ")
    X, _ = sample.make(5, 0)
    assert len(type(sample.pipeline()).load(tmp_path / "run").predict(X)) == 5
