"""Training that leads nowhere begins again at a lower rate, and says so."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from toy import ToySource, toy_task

from fourfold.core.training import History, TrainConfig, Trainer, Validation
from fourfold.core.training.state import Outcome


class Nowhere:
    """What is wrong with outputs, one answer an evaluation, and the steps at which it was asked."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, outputs: object) -> str:
        self.asked += 1
        return self.answers.pop(0) if self.answers else ""


def begun_again(wrong: Nowhere) -> tuple[Outcome, History, list[str]]:
    history = History()
    said: list[str] = []
    history.say = said.append  # type: ignore[method-assign]
    config = TrainConfig(epochs=6, batch_rows=16, evaluations=6)
    validation = Validation(ToySource(16), lambda out: {"accuracy": float(out.max())}, "accuracy", wrong=wrong)
    outcome = Trainer(config, torch.device("cpu"), observer=history).fit(toy_task(), ToySource(64), validation)
    return outcome, history, said


def test_what_leads_nowhere_begins_again_at_half_the_rate() -> None:
    outcome, history, said = begun_again(Nowhere("it says nothing"))
    assert said == ["step 8: it says nothing; back to step 0 with the rate times 0.5"]
    assert (outcome.state.recoveries, outcome.state.rate_scale, outcome.state.step) == (1, 0.5, 24)
    assert [row["step"] for row in history.rows if "valid_accuracy" in row] == [4, 8, 12, 16, 20, 24]


def test_it_is_asked_after_a_third_of_the_steps_alone() -> None:
    wrong = Nowhere()
    begun_again(wrong)
    assert wrong.asked == 5


def test_training_that_keeps_leading_nowhere_goes_on_at_last() -> None:
    wrong = Nowhere(*["it says nothing"] * 9)
    outcome, _, said = begun_again(wrong)
    assert len(said) == wrong.asked == 3
    assert (outcome.state.recoveries, outcome.state.rate_scale, outcome.state.step) == (3, 0.125, 24)


class Stops(History):
    """Stops training at a step, as a fault would."""

    def advance(self, step: int) -> None:
        if step == 6:
            raise KeyboardInterrupt


def test_a_resumed_run_begins_again_like_one_that_was_not_stopped(tmp_path: Path) -> None:
    config = TrainConfig(epochs=6, batch_rows=16, evaluations=6, checkpoint_seconds=0, ema=0.9)

    def fit(folder: Path, observer: History) -> Outcome:
        wrong = Nowhere("it says nothing", "it says nothing")
        valid = Validation(ToySource(16), lambda out: {"accuracy": float(out.max())}, "accuracy", wrong=wrong)
        return Trainer(config, torch.device("cpu"), folder, observer).fit(toy_task(), ToySource(64), valid)

    whole = fit(tmp_path / "whole", History())
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path / "stopped", Stops())
    resumed = fit(tmp_path / "stopped", History())
    assert whole.state.recoveries == resumed.state.recoveries == 2
    for name, weight in whole.weights.items():
        assert torch.equal(weight, resumed.weights[name]), name
