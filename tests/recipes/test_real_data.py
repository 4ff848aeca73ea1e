"""What the default models must reach on real data; each recipe is a command of docs/measurements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fourfold.core.benchmark import Case
from fourfold.core.benchmark.worker import fit
from fourfold.core.domains import domain

pytestmark = pytest.mark.slow


def case(name: str, wanted: str) -> Case:
    return next(found for found in domain(name).load_cases() if found.name == wanted)


def measured(name: str, wanted: str, seed: int = 0, preset: str = "small") -> tuple[float, float]:
    """Return the main metric on the test rows, and the seconds of training."""
    found = case(name, wanted)
    split = found.load(seed)
    model: Any = fit(name, found, preset, seed, split)
    evaluation = model.evaluate(split.test)
    return evaluation.metrics[evaluation.main_metric].value, model.facts_["train_seconds"]


def test_adult_in_five_folds(real_data: Path) -> None:
    assert np.mean([measured("recsys", "adult", fold)[0] for fold in range(5)]) >= 0.915


def test_fsdd(real_data: Path) -> None:
    error_rate, seconds = measured("speech", "fsdd")
    assert round(error_rate * 300) <= 6 and seconds <= 300


def test_yesno(real_data: Path) -> None:
    error_rate, _ = measured("speech", "yesno")
    assert round(error_rate * 232) <= 6
