"""A linear model of texts, trained once."""

from __future__ import annotations

from pathlib import Path

import pytest
from console import fourfold
from domain_data import write_texts


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    data = write_texts(folder, 60, 0)
    done = fourfold("nlp", "train", data, "--preset", "linear", "--out", folder / "run")
    assert done.code == 0, done.err
    return folder / "run"
