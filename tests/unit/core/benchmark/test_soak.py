"""The soak counts what goes wrong in calls side by side."""

from __future__ import annotations

from typing import Any

import numpy as np

from fourfold.core.batch import Examples
from fourfold.core.benchmark.soak import Served, growth, resident_mb, soak
from fourfold.core.objectives import Prediction


def served(name: str, answer: Any) -> Served:
    rows = Examples(name=name, inputs=np.arange(10), labels=np.arange(10).astype(str))
    alone = [Prediction(label=str(row), probability=0.5) for row in range(10)]
    return Served(name, lambda asked: [answer(int(row)) for row in asked.inputs], rows, alone)


def refuse(row: int) -> Prediction:
    raise ValueError("no room")


def test_right_wrong_and_failing_answers_are_told_apart() -> None:
    right = served("right", lambda row: Prediction(label=str(row), probability=0.50001))
    wrong = served("wrong", lambda row: Prediction(label="0", probability=0.5))
    unsure = served("unsure", lambda row: Prediction(label=str(row), probability=float("nan")))
    broken = served("broken", refuse)
    memory = soak([right, wrong, unsure, broken], threads=3, seconds=0.3)
    assert memory and growth(memory)["end_mb"] > 10 and resident_mb() > 10
    found = {one.name: one.result() for one in (right, wrong, unsure, broken)}
    assert found["right"]["calls"] > 0 and found["right"]["wrong"] == 0 and found["right"]["errors"] == {}
    assert found["wrong"]["wrong"] > 0 and found["unsure"]["wrong"] >= found["unsure"]["calls"] > 0
    assert list(found["broken"]["errors"]) == ["ValueError: no room"] and found["broken"]["calls"] == 0
