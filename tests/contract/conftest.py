"""Every contract runs on every domain; a tiny model of each is trained once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from domain_data import SAMPLES, Sample

torch.set_num_threads(1)
ROWS = 60


@pytest.fixture(scope="session", params=sorted(SAMPLES))
def sample(request: pytest.FixtureRequest) -> Sample:
    return SAMPLES[request.param]


@pytest.fixture(scope="session")
def data_file(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample.write(tmp_path_factory.mktemp(sample.name), ROWS, 0)


@pytest.fixture(scope="session")
def run(sample: Sample, data_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a trained model."""
    out = tmp_path_factory.mktemp(f"{sample.name}_run") / "run"
    sample.pipeline().fit(data_file, valid=0.2, out=out)
    return out


@pytest.fixture(scope="session")
def model(sample: Sample, run: Path) -> Any:
    return type(sample.pipeline()).load(run)
