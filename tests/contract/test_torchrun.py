"""The command line under torchrun: two ranks train one model, the first alone writes and speaks."""

from __future__ import annotations

from pathlib import Path

import pytest
from domain_data import Sample
from torchrun import train_with_ranks


@pytest.mark.slow
@pytest.mark.parametrize("parallel", ["ddp", "fsdp"])
def test_two_ranks_train_one_model(sample: Sample, data_file: Path, parallel: str, tmp_path: Path) -> None:
    train_with_ranks(sample.name, data_file, tmp_path / "run", ranks=2, parallel=parallel)
    X, _ = sample.make(5, 0)
    assert len(type(sample.pipeline()).load(tmp_path / "run").predict(X)) == 5
