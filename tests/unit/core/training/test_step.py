"""One step: accumulation, ragged batches, losses of several terms, clipping, non-finite gradients, precision."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from toy import ToySource, toy_task

from fourfold.core.batch import Batch
from fourfold.core.errors import TrainingError
from fourfold.core.training import (
    Classification,
    History,
    Observers,
    OptimizerConfig,
    ScheduleConfig,
    Silent,
    Term,
    TrainConfig,
    Trainer,
    Validation,
)
from fourfold.core.training.distributed import Ranks
from fourfold.core.training.sampling import Part, Plan, Steps
from fourfold.core.training.step import Stepper

CPU = torch.device("cpu")


class TwoTerms(Classification):
    """Adds a second term with its own count: the mean of the logits over real tokens."""

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        return super().counts(batch) | {"tokens": batch["keep"].sum()}

    def loss(self, batch: Batch) -> dict[str, Term]:
        logits = self.model(batch).float()
        return super().loss(batch) | {"tokens": Term((logits.square().sum(1) * batch["keep"].sum(1)).sum(), 0.3)}


def gradients(
    source: ToySource, rows: np.ndarray, accumulate: int, kind: type[Classification]
) -> tuple[float, list[Tensor]]:
    task = toy_task(dropout=0.0)
    task = kind(task.model)
    stepper = Stepper(task, TrainConfig(), CPU, torch.float32, Ranks())
    steps = Steps(source, Plan(source.lengths, len(source), seed=0, batch_rows=64), 10, accumulate=accumulate)
    parts = [(part.batch, part.real) for part in steps.split(rows, steps.plan.draw(0, 10))]
    loss = float(stepper.backward(parts))
    return loss, [p.grad.clone() for p in task.model.parameters() if p.grad is not None]


@pytest.mark.parametrize("kind", [Classification, TwoTerms])
@pytest.mark.parametrize("accumulate", [2, 3, 7])
def test_accumulated_micro_batches_equal_one_batch(kind: type[Classification], accumulate: int) -> None:
    source, rows = ToySource(64), np.arange(5, 24)
    loss, grads = gradients(source, rows, 1, kind)
    split_loss, split_grads = gradients(source, rows, accumulate, kind)
    assert math.isclose(loss, split_loss, abs_tol=1e-5)
    for grad, split in zip(grads, split_grads, strict=True):
        torch.testing.assert_close(split, grad, atol=1e-5, rtol=0)


def test_missing_labels_do_not_count() -> None:
    source = ToySource(32)
    source.labels[10:] = -1
    some = gradients(source, np.arange(32), 1, Classification)
    only = gradients(source, np.arange(10), 1, Classification)
    assert math.isclose(some[0], only[0], abs_tol=1e-6)


class Poison(ToySource):
    """Gives not-a-number in the batches of some steps, counted over the whole run."""

    def __init__(self, bad: range, **settings: object):
        super().__init__(64, noise=0.0)
        self.bad, self.calls = bad, 0

    def batch(self, rows, draw=None):  # type: ignore[no-untyped-def]
        batch = super().batch(rows, draw)
        if draw is not None:
            if self.calls in self.bad:
                batch["values"][0] = float("nan")
            self.calls += 1
        return batch


class Listener(Silent):
    def __init__(self) -> None:
        self.said: list[str] = []
        self.rows: list[dict[str, float]] = []

    def say(self, message: str) -> None:
        self.said.append(message)

    def log(self, row: dict[str, float]) -> None:
        self.rows.append(row)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_a_step_with_a_loss_that_is_not_finite_is_skipped_and_counted(precision: str) -> None:
    config = TrainConfig(epochs=4, batch_rows=16, precision=precision)  # type: ignore[arg-type]
    task = toy_task()
    outcome = Trainer(config, CPU).fit(task, Poison(range(5, 7)))
    assert outcome.state.skipped == 2 and outcome.state.step == 16 and outcome.state.recoveries == 0
    assert all(p.isfinite().all() for p in task.model.parameters())


@pytest.mark.parametrize("looks", [True, False])
def test_skipping_leaves_weights_and_moments_untouched(looks: bool) -> None:
    task = toy_task(dropout=0.0)
    stepper = Stepper(task, TrainConfig(), CPU, torch.float32, Ranks())
    stepper.looks = looks
    source = Poison(range(1, 2))
    steps = Steps(source, Plan(None, 64, seed=0, batch_rows=16), 10, accumulate=1)
    stepper(steps[0], 1.0)
    before = (
        [p.clone() for p in task.model.parameters()],
        {k: v.clone() for k, v in stepper.optimizers.tensors().items()},
    )
    stepper(steps[1], 1.0)
    for old, new in zip(before[0], task.model.parameters(), strict=True):
        assert torch.equal(old, new)
    for name, value in stepper.optimizers.tensors().items():
        assert torch.equal(before[1][name], value), name


@pytest.mark.parametrize("looks", [True, False])
def test_skipping_leaves_the_statistics_of_batch_norms_untouched(looks: bool) -> None:
    task = toy_task(dropout=0.0, norm=True)
    stepper = Stepper(task, TrainConfig(), CPU, torch.float32, Ranks())
    stepper.looks = looks
    steps = Steps(Poison(range(1, 2)), Plan(None, 64, seed=0, batch_rows=16), 10, accumulate=1)
    fresh = {name: value.clone() for name, value in task.model.named_buffers()}
    stepper(steps[0], 1.0)
    before = {name: value.clone() for name, value in task.model.named_buffers()}
    assert not any(torch.equal(before[name], value) for name, value in fresh.items())
    stepper(steps[1], 1.0)
    assert all(torch.equal(before[name], value) for name, value in task.model.named_buffers())


def test_after_five_skips_in_a_row_training_returns_to_the_last_good_state_with_a_lower_rate() -> None:
    listener, history = Listener(), History()
    config = TrainConfig(epochs=4, batch_rows=16, precision="float32", checkpoint_seconds=1000)
    outcome = Trainer(config, CPU, observer=Observers(history, listener)).fit(toy_task(), Poison(range(4, 9)))
    assert listener.said == ["step 9: the loss was not finite 5 times in a row; back to step 0 with the rate times 0.5"]
    steps = [row["step"] for row in history.rows]
    assert steps == sorted(set(steps)), "no step is told twice"
    assert outcome.state.recoveries == 1 and outcome.state.step == 16 and outcome.state.skipped == 5


def test_training_gives_up_after_three_returns() -> None:
    config = TrainConfig(epochs=4, batch_rows=16, precision="float32")
    message = "the loss was not finite 5 times in a row, after 3 returns to a good state; lower train.optimizer.lr"
    with pytest.raises(TrainingError, match=message):
        Trainer(config, CPU).fit(toy_task(), Poison(range(3, 10_000)))


def test_training_gives_up_where_no_checkpoint_can_be_read(tmp_path: Path) -> None:
    class Damage(Silent):
        def advance(self, step: int) -> None:
            for path in tmp_path.glob("checkpoints/*/state.json"):
                path.unlink()

    config = TrainConfig(epochs=4, batch_rows=16, precision="float32")
    with pytest.raises(TrainingError) as error:
        Trainer(config, CPU, tmp_path, Damage()).fit(toy_task(), Poison(range(4, 9)))
    assert str(error.value) == (
        "step 9: the loss was not finite 5 times in a row, and no checkpoint can be read; check the disk, train anew"
    )


def test_clipping_bounds_the_gradient() -> None:
    task = toy_task(dropout=0.0)
    stepper = Stepper(task, TrainConfig(optimizer=OptimizerConfig(clip=0.01)), CPU, torch.float32, Ranks())
    source = ToySource(64)
    steps = Steps(source, Plan(source.lengths, 64, seed=0, batch_rows=64), 10, accumulate=1)
    stepper.backward([(part.batch, part.real) for part in steps[0]])
    stepper.optimizers.clip()
    assert float(nn.utils.get_total_norm([p.grad for p in task.model.parameters()])) <= 0.01 + 1e-6


def validation(source: ToySource, better: bool = True) -> Validation:
    def score(out: object) -> dict[str, float]:
        return {"accuracy": float((np.asarray(out).argmax(1) == source.labels).mean())}

    return Validation(source, score, "accuracy", better)


def test_early_stopping_keeps_the_best_weights() -> None:
    valid, task, listener = ToySource(50, seed=1), toy_task(), Listener()
    config = TrainConfig(epochs=60, batch_rows=16, patience=2, evaluations=30, optimizer=OptimizerConfig(lr=0.05))
    outcome = Trainer(config, CPU, observer=listener).fit(task, ToySource(64), validation(valid))
    seen = [row["valid_accuracy"] for row in listener.rows if "valid_accuracy" in row]
    assert len(seen) < 30 and outcome.state.best == max(seen) and seen[-3:].index(max(seen[-3:])) == 0
    from fourfold.core.training import predict

    final = predict(task, valid, CPU, dtype=outcome.settled.dtype)
    assert float((final.argmax(1) == valid.labels).mean()) == outcome.state.best  # type: ignore[union-attr]


def test_plateau_drops_the_rate() -> None:
    schedule = ScheduleConfig(name="plateau", warmup=0.0, drop=0.1, patience=2)
    config = TrainConfig(
        epochs=20, batch_rows=16, evaluations=10, schedule=schedule, optimizer=OptimizerConfig(lr=1e-9)
    )
    outcome = Trainer(config, CPU).fit(toy_task(), ToySource(64), validation(ToySource(50, seed=1)))
    assert outcome.state.rate_scale == pytest.approx(0.1**4)


def test_the_users_randomness_is_given_back() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    task = toy_task()
    torch.manual_seed(5)
    Trainer(TrainConfig(epochs=1), CPU).fit(task, ToySource(64))
    assert torch.equal(torch.rand(3), expected)


def test_a_budget_becomes_steps() -> None:
    outcome = Trainer(TrainConfig(budget="2s", batch_rows=16), CPU).fit(toy_task(), ToySource(64))
    assert outcome.state.step == outcome.settled.total_steps > 10


def test_average_of_weights_is_what_evaluation_sees() -> None:
    task = toy_task(dropout=0.0)
    config = TrainConfig(epochs=2, batch_rows=16, ema=0.5, precision="float32")
    Trainer(config, CPU).fit(task, ToySource(64, noise=0.0))
    plain = toy_task(dropout=0.0)
    Trainer(TrainConfig(epochs=2, batch_rows=16, precision="float32"), CPU).fit(plain, ToySource(64, noise=0.0))
    pairs = list(zip(task.model.parameters(), plain.model.parameters(), strict=True))
    assert any(not torch.equal(a, b) for a, b in pairs)
    assert all((a - b).abs().max() < 0.05 for a, b in pairs)


def test_a_row_that_only_keeps_a_rank_in_step_weighs_nothing() -> None:
    source, rows = ToySource(64), np.arange(5, 24)

    def found(*parts: tuple[Batch, float]) -> list[Tensor]:
        task = toy_task(dropout=0.0)
        Stepper(task, TrainConfig(), CPU, torch.float32, Ranks()).backward(list(parts))
        return [p.grad.clone() for p in task.model.parameters() if p.grad is not None]

    real, filler = (source.batch(rows), 1.0), (source.batch(rows[:1]), 0.0)
    for with_it, without in zip(found(real, filler), found(real), strict=True):
        torch.testing.assert_close(with_it, without, atol=1e-6, rtol=0)


def test_the_loss_scale_halves_where_gradients_overflow() -> None:
    task, source = toy_task(dropout=0.0), ToySource(64)
    stepper = Stepper(task, TrainConfig(), CPU, torch.float16, Ranks())
    parts = [Part(source.batch(np.arange(8)), 1.0)]
    stepper(parts, 1.0)
    assert stepper.scale.tolist() == [4096.0, 1.0]
    stepper.scale[0] = 2.0**40
    stepper(parts, 1.0)
    assert stepper.scale.tolist() == [2.0**39, 0.0]


def test_a_step_without_any_target_changes_nothing() -> None:
    source = ToySource(64)
    source.labels[:] = -1
    loss, grads = gradients(source, np.arange(16), 2, Classification)
    assert loss == 0 and all(not grad.any() for grad in grads)
