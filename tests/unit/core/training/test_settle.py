"""What ends training before its epochs are over is said; a budget is settled on steps from all of training."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from toy import ToySource, toy_task

from fourfold.core.batch import Batch, Draw, Rows
from fourfold.core.errors import BadBudget
from fourfold.core.training import TrainConfig, Trainer
from fourfold.core.training.distributed import Ranks
from fourfold.core.training.sampling import Plan
from fourfold.core.training.settle import cut_short, settle

CPU = torch.device("cpu")

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


class Watched(ToySource):
    """Notes how far training is at each batch."""

    def __init__(self) -> None:
        super().__init__(64)
        self.seen: list[float] = []

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        self.seen.append(-1.0 if draw is None else draw.progress)
        return super().batch(rows, draw)


def test_a_budget_is_settled_on_steps_from_all_of_training_and_leaves_no_trace() -> None:
    source, task = Watched(), toy_task(norm=True)
    before = {name: value.clone() for name, value in task.model.state_dict().items()}
    plan = Plan(source.lengths, len(source), seed=0, batch_rows=16)
    settle(TrainConfig(budget="1s", batch_rows=16), CPU, Ranks(), task, source, plan)
    counts, _ = np.histogram(source.seen, bins=4, range=(0, 1))
    assert counts.sum() == len(source.seen) > 5 and counts.min() > 0 and counts.max() <= 3 * counts.min()
    assert all(torch.equal(before[name], value) for name, value in task.model.state_dict().items())
    assert all(p.grad is None for p in task.model.parameters())


def test_a_budget_is_filled_with_as_many_steps_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four steps took two seconds: 98 seconds are left for 196 of them, of which three of a hundred are spared."""
    monkeypatch.setattr("fourfold.core.training.settle._Trial._timed", lambda *_: (2.0, 4))
    source = ToySource(64)
    plan = Plan(source.lengths, len(source), seed=0, batch_rows=16)
    found = settle(TrainConfig(budget="100s", batch_rows=16), CPU, Ranks(), toy_task(), source, plan)
    assert found.total_steps == 190


def test_a_budget_that_calibration_uses_up_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fourfold.core.training.settle._Trial._timed", lambda *_: (0.25, 1))
    source = ToySource(64)
    plan = Plan(source.lengths, len(source), seed=0, batch_rows=16)
    with pytest.raises(BadBudget) as error:
        settle(TrainConfig(budget="0.2s", batch_rows=16), CPU, Ranks(), toy_task(), source, plan)
    assert str(error.value) == (
        "budget '0.2s' is too short: calibration and 10 evaluations take 0.25 s; raise it, or lower train.evaluations"
    )


def test_sources_are_told_how_far_training_is() -> None:
    source = Watched()
    Trainer(TrainConfig(epochs=2, batch_rows=16), CPU).fit(toy_task(), source)
    assert source.seen == [step / 8 for step in range(8)]
