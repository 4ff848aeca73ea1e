"""Which weights are kept: the best of all evaluations, those before the first step among them where asked."""

from __future__ import annotations

import pytest
import torch
from toy import ToySource, toy_task

from fourfold.core.training import History, TrainConfig, Trainer, Validation


def falling(valid: ToySource) -> Validation:
    """A metric that falls with each evaluation."""
    values = iter([0.9, 0.8, 0.7, 0.6])
    return Validation(valid, lambda _: {"accuracy": next(values)}, "accuracy")


def of_what_it_says() -> Validation:
    return Validation(ToySource(16), lambda out: {"accuracy": float(out.max())}, "accuracy")


@pytest.mark.parametrize("on_start", [False, True])
def test_the_first_weights_are_kept_where_training_makes_them_worse(on_start: bool) -> None:
    task, history = toy_task(), History()
    first = {name: value.clone() for name, value in task.model.state_dict().items()}
    config = TrainConfig(epochs=2, batch_rows=16, evaluations=2, eval_on_start=on_start, ema=0.9)
    outcome = Trainer(config, torch.device("cpu"), observer=history).fit(task, ToySource(64), falling(ToySource(16)))
    kept = all(torch.equal(value, first[name]) for name, value in task.model.state_dict().items())
    assert kept == on_start and outcome.metrics == {"accuracy": 0.9}
    assert [row["step"] for row in history.rows if "valid_accuracy" in row] == [0, 4, 8][not on_start :]


def test_an_evaluation_on_start_does_not_change_training() -> None:
    losses = []
    for on_start in (False, True):
        history, config = History(), TrainConfig(epochs=2, batch_rows=16, eval_on_start=on_start)
        Trainer(config, torch.device("cpu"), observer=history).fit(toy_task(), ToySource(64), of_what_it_says())
        losses.append([row["loss"] for row in history.rows if "loss" in row])
    assert losses[0] == losses[1] and len(losses[0]) == 8


def test_of_equals_the_surer_is_kept() -> None:
    scores = iter([(0.8, 0.5), (0.9, 0.4), (0.9, 0.2), (0.9, 0.3), (0.7, 0.1)])

    def score(_: object) -> dict[str, float]:
        accuracy, log_loss = next(scores)
        return {"accuracy": accuracy, "log_loss": log_loss}

    history, config = History(), TrainConfig(epochs=5, batch_rows=16, evaluations=5, patience=3)
    validation = Validation(ToySource(16), score, "accuracy")
    outcome = Trainer(config, torch.device("cpu"), observer=history).fit(toy_task(), ToySource(64), validation)
    assert outcome.metrics == {"accuracy": 0.9, "log_loss": 0.2} and outcome.state.best_step == 12
    assert outcome.state.stale == 3, "what is only surer does not begin the patience anew"


def test_of_equals_without_a_log_loss_the_last_are_kept() -> None:
    scores = iter([0.5, 0.0, 0.0, 0.25])

    def score(_: object) -> dict[str, float]:
        return {"wer": next(scores)}

    config = TrainConfig(epochs=4, batch_rows=16, evaluations=4)
    validation = Validation(ToySource(16), score, "wer", greater_is_better=False)
    outcome = Trainer(config, torch.device("cpu")).fit(toy_task(), ToySource(64), validation)
    assert outcome.metrics == {"wer": 0.0} and outcome.state.best_step == 12


def test_what_is_better_begins_the_patience_anew() -> None:
    values = iter([0.5, 0.4, 0.6, 0.5, 0.7, 0.6])
    validation = Validation(ToySource(16), lambda _: {"accuracy": next(values)}, "accuracy")
    config = TrainConfig(epochs=6, batch_rows=16, evaluations=6, patience=2)
    outcome = Trainer(config, torch.device("cpu")).fit(toy_task(), ToySource(64), validation)
    assert (outcome.state.step, outcome.state.best_step, outcome.state.stale) == (24, 20, 1)
