"""Hostile data through `check` and `predict` of every domain: what is expected of each stands in `expected.json`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import hostile
import pytest
import torch
from domain_data import SAMPLES
from make_corpus import Case, cases

torch.set_num_threads(1)
HERE = Path(__file__).parent
EXPECTED: dict[str, dict[str, str]] = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
QUICK = 7
"""One case in so many is tried by the quick tests."""


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what trains a tiny model of a domain, once."""
    from fourfold.core.config import override

    made: dict[str, Path] = {}

    def run(name: str) -> Path:
        if name not in made:
            sample, folder = SAMPLES[name], tmp_path_factory.mktemp(name)
            pipeline = sample.pipeline()
            pipeline.set_params(config=override(pipeline.config, {"train": {"epochs": 2}}))
            made[name] = folder / "run"
            pipeline.fit(sample.write(folder, 60, 0), valid=0.2, out=made[name])
        return made[name]

    return run


def test_the_corpus_is_large_and_expected() -> None:
    names = {case.name for case in cases()}
    assert len(names) >= 300 and names == EXPECTED.keys()


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.name, marks=() if number % QUICK == 0 else pytest.mark.slow)
        for number, case in enumerate(case for case in cases() if not case.dangerous)
    ],
)
def test_what_is_said_of_hostile_data(case: Case, runs: Any, tmp_path: Path) -> None:
    assert hostile.tried(case.domain, runs(case.domain), case.make(tmp_path), tmp_path) == EXPECTED[case.name]


@pytest.mark.slow
@pytest.mark.parametrize("domain", sorted(SAMPLES))
def test_what_is_said_of_dangerous_data_in_little_memory(domain: str, runs: Any, tmp_path: Path) -> None:
    paths = os.pathsep.join(map(str, (HERE.parents[1] / ".src", HERE.parent / "helpers", HERE)))
    done = subprocess.run(
        [sys.executable, hostile.__file__, domain, runs(domain), tmp_path],
        env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == {case.name: EXPECTED[case.name] for case in cases() if case.dangerous and case.domain == domain}
