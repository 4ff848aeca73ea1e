"""Training that leads nowhere begins again at a lower rate, and says so."""

from __future__ import annotations

import pytest
import torch
from toy import ToySource, toy_task

from fourfold.core.errors import TrainingError
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


def test_training_that_keeps_leading_nowhere_is_given_up() -> None:
    with pytest.raises(TrainingError) as given_up:
        begun_again(Nowhere(*["it says nothing"] * 4))
    why = "step 8: it says nothing, after 3 returns to a good state; lower train.optimizer.lr"
    assert str(given_up.value) == why
