"""What ends training before its epochs are over is said."""

from __future__ import annotations

import numpy as np
import pytest

from fourfold.core.training import TrainConfig
from fourfold.core.training.sampling import Plan
from fourfold.core.training.settle import cut_short

PLAN = Plan(np.full(10, 100), 10, seed=0, batch_rows=1)


@pytest.mark.parametrize(
    ("config", "total", "message"),
    [
        (TrainConfig(epochs=2), 20, ""),
        (TrainConfig(epochs=2, max_tokens=5000), 20, ""),
        (TrainConfig(epochs=8, budget="1m"), 20, ""),
        (
            TrainConfig(epochs=8, max_tokens=2500),
            25,
            "train.max_tokens (2,500) ends training after 2.5 of 8 epochs; train.max_tokens=0 lifts it",
        ),
        (
            TrainConfig(epochs=8, max_steps=3, max_tokens=2500),
            3,
            "train.max_steps (3) ends training after 0.3 of 8 epochs; train.max_steps=0 lifts it",
        ),
    ],
)
def test_a_bound_that_ends_training_early_is_named(config: TrainConfig, total: int, message: str) -> None:
    assert cut_short(config, PLAN, total) == message
