"""The one training loop: it knows a task, a source of batches and a validation set, and no domain."""

from __future__ import annotations

import contextlib
import math
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch.utils.data import DataLoader

from ..batch import Source
from ..cache import user_cache
from ..errors import Diverged, Interrupted
from .average import Average
from .checkpoint import CHECKPOINTS, Checkpoint, copied, load_checkpoint, save_checkpoint
from .config import TrainConfig
from .distributed import Ranks, joined
from .guards import kept_randomness, noted_signals
from .inference import predict
from .progress import Observer, Row, Silent
from .sampling import Part, Steps, plan_for
from .schedules import rate
from .settle import cut_short, settle
from .state import Outcome, Settled, State, Validation
from .step import Stepper
from .task import Output, Task
from .weights import get_weights, set_weights

_SKIPS_IN_A_ROW = 5
_RECOVERIES = 3
_HOPE = 1 / 3
"""The share of the steps after which what is wrong will not mend itself."""
_LOGS = 100
_TIE = "log_loss"
"""The metric, lower being better, that decides between equals; where there is none, the later are taken."""


class Trainer:
    """Fits a task's model; checkpoints go to `folder/checkpoints`.

    The last one holds the end of training, for the caller to remove when what was trained is safe elsewhere.
    """

    def __init__(
        self,
        config: TrainConfig,
        device: torch.device,
        folder: Path | None = None,
        observer: Observer | None = None,
    ):
        self.config, self.device, self.folder = config, device, folder
        self.observer: Observer = observer or Silent()

    def fit(self, task: Task, source: Source, validation: Validation | None = None) -> Outcome:
        """Train `task.model` in place; go on from the newest checkpoint in the folder where there is one.

        Raises TrainingError where the loss stays not finite or the disk is full, Interrupted after a signal.
        """
        with contextlib.ExitStack() as stack:
            ranks = stack.enter_context(joined(self.device))
            root = self.folder or stack.enter_context(contextlib.closing(user_cache().scratch())).folder
            root = Path(ranks.text_from_main(str(root), self.device))
            stack.enter_context(kept_randomness())
            stopped = stack.enter_context(noted_signals()) if self.folder else (lambda: 0)
            return _Run(self, ranks, root / CHECKPOINTS, task, source, validation)(stopped)


class _Run:
    """One call of `Trainer.fit`: its parts, built once, and the loop over them."""

    def __init__(
        self,
        trainer: Trainer,
        ranks: Ranks,
        folder: Path,
        task: Task,
        source: Source,
        validation: Validation | None,
    ):
        self.config, self.device, self.ranks, self.folder = trainer.config, trainer.device, ranks, folder
        self.observer: Observer = trainer.observer if ranks.main else Silent()
        self.task, self.source, self.validation = task, source, validation
        task.model.to(self.device).train()
        config = trainer.config
        rows = config.rows_of_batch(len(source))
        self.plan = plan_for(source, seed=config.seed, batch_rows=rows, batch_tokens=config.batch_tokens)
        checkpoint = self._newest()
        torch.set_num_threads(config.threads or torch.get_num_threads())
        self.settled = (
            Settled(**checkpoint.state.pop("settled"))
            if checkpoint
            else settle(config, self.device, ranks, task, source, self.plan, validation)
        )
        torch.set_num_threads(self.settled.threads)
        self.stepper = Stepper(task, config, self.device, self.settled.dtype, ranks)
        self.average = Average(task.model, config.ema)
        self.best: dict[str, torch.Tensor] = {}
        self.metrics: dict[str, float] = {}
        self.state = State()
        # The model comes as it was before its first step, also where training is resumed.
        self.first = copied(self._checkpoint()) if validation and validation.wrong else None
        self.kept: tuple[int, int] | None = None
        self.look = 0
        self.measuring: float | None = None
        if checkpoint:
            self._restore(checkpoint)
            self.kept = self._place

    def __call__(self, stopped: Callable[[], int]) -> Outcome:
        total, rows, before = self.settled.total_steps, 0, self.state.seconds
        if message := cut_short(self.config, self.plan, total):
            self.observer.say(message)
        self.observer.begin(self.state.step, total)
        self.clock = self.saved_at = time.monotonic()
        self.looked = self.state.step, self.clock
        try:
            if self.state.step == 0:
                self._save()
            while self.state.step < total and not self._stop_early():
                rows += self._train(stopped)
        finally:
            self.observer.end()
        self._save()
        if self.best:
            set_weights(self.task.model, self.best)
        else:
            self.average.install(self.task.model)
        self.task.model.eval()
        speed = rows / max(self.state.seconds - before, 1e-9)
        return Outcome(self.state, self.settled, get_weights(self.task.model), self.metrics, speed)

    def _train(self, stopped: Callable[[], int]) -> int:
        """Run steps until the end, a rollback or an early stop; return the rows seen."""
        start, total, rows = self.state.step, self.settled.total_steps, 0
        logs = max(1, total // _LOGS)
        if start == 0 and self.config.eval_on_start:
            self._evaluate()
        for step, parts in zip(range(start, total), self._loader(start, total), strict=False):
            self._seed(step)
            share = rate(step, total, self.config.schedule) * self.state.rate_scale
            loss = self.stepper(parts, share)
            self.average.update(self.task.model, step)
            self.state.step = step + 1
            rows += len(self.plan.rows(step))
            self.observer.advance(step + 1)
            if (step + 1) % logs == 0 or step + 1 == total or self._losing(loss):
                self._log(share)
                if self._recover():
                    return rows
            if self._measured_at(step + 1) and self._evaluate():
                return rows
            self._save_if_due(stopped)
            if self._stop_early():
                break
        return rows

    def _loader(self, start: int, total: int) -> Iterator[list[Part]]:
        steps = Steps(
            self.source,
            self.plan,
            total,
            accumulate=self.settled.accumulate,
            rank=self.ranks.rank,
            ranks=self.ranks.size,
        )
        if self.config.workers == 0:
            return (steps[step] for step in range(start, total))
        pin = self.device.type == "cuda"
        order = range(start, total)
        return iter(DataLoader(steps, sampler=order, batch_size=None, num_workers=self.config.workers, pin_memory=pin))

    def _measured_at(self, step: int) -> bool:
        """Say whether the held-out rows are measured after so many steps."""
        total = self.settled.total_steps
        return step % max(1, math.ceil(total / self.config.evaluations)) == 0 or step == total

    def _seed(self, step: int) -> None:
        """Dropout's generator is a function of (seed, step, rank): a resumed run draws the same masks."""
        key = (self.config.seed * 1_000_003 + step) * 1_009 + self.ranks.rank
        torch.default_generator.manual_seed(key & 0x7FFF_FFFF_FFFF_FFFF)
        if self.device.type == "cuda":
            torch.cuda.manual_seed(key & 0x7FFF_FFFF_FFFF_FFFF)

    def _losing(self, loss: torch.Tensor) -> bool:
        """On a processor looking at the loss is free: notice at once that it is not finite."""
        return self.stepper.looks and not math.isfinite(loss)

    def _log(self, share: float) -> None:
        sums = self.stepper.tally.read()
        loss_sum, steps, skipped, _ = sums.tolist()
        if self.ranks.size > 1:
            loss_sum = float(self.ranks.sum(sums[0].clone()))
        self.state.skipped += int(skipped)
        row: Row = {"step": self.state.step, "epoch": self.state.step / len(self.plan)}
        row |= {"loss": loss_sum / steps} if steps else {}
        self.observer.log(row | {"lr": self.config.optimizer.lr * share, "seconds": round(self._tick(), 3)})
        self.stepper.tally.restart()

    def _recover(self) -> bool:
        """After a few skipped steps in a row go back to the last good state with half the rate; say so."""
        if self.stepper.tally.read()[3] < _SKIPS_IN_A_ROW:
            return False
        checkpoint = self._newest()
        why = f"the loss was not finite {_SKIPS_IN_A_ROW} times in a row"
        if checkpoint is None:
            raise Diverged(f"step {self.state.step}: {why}, and no checkpoint can be read; check the disk, train anew")
        self._go_back(checkpoint, why)
        return True

    def _go_back(self, checkpoint: Checkpoint, why: str) -> None:
        where, scale = f"step {self.state.step}: {why}", self.stepper.scale.clone()
        if self.state.recoveries == _RECOVERIES:
            raise Diverged(f"{where}, after {_RECOVERIES} returns to a good state; lower train.optimizer.lr")
        kept = replace(self.state, recoveries=self.state.recoveries + 1, rate_scale=self.state.rate_scale / 2)
        state = {name: value for name, value in checkpoint.state.items() if name != "settled"}
        self._restore(replace(checkpoint, state=state))
        self.state = replace(
            self.state,
            recoveries=kept.recoveries,
            rate_scale=kept.rate_scale,
            skipped=kept.skipped,
            seconds=kept.seconds,
        )
        self.stepper.tally.load(torch.zeros(4))
        self.stepper.scale.copy_(scale)
        self.look = 0
        self.observer.rewind(self.state.step)
        self.observer.say(f"{where}; back to step {self.state.step} with the rate times {self.state.rate_scale:g}")
        self._save()

    def _evaluate(self) -> bool:
        """Measure the held-out rows; say whether training went back to its beginning, since it led nowhere."""
        if self.validation is None:
            return False
        begin = time.monotonic()
        with self.average.installed(self.task.model):
            outputs = predict(self.task, self.validation.source, self.device, dtype=self.settled.dtype)
            metrics = self.validation.score(outputs)
            value = self.ranks.from_main(metrics[self.validation.metric], self.device)
            better = self._is_better(value)
            if better or self.ranks.from_main(self._is_surer(value, metrics), self.device):
                self.best = {name: tensor.clone() for name, tensor in get_weights(self.task.model).items()}
                self.metrics, self.state.best, self.state.best_step = metrics, value, self.state.step
        self.state.stale = 0 if better else self.state.stale + 1
        schedule = self.config.schedule
        if schedule.name == "plateau" and not better and self.state.stale % schedule.patience == 0:
            self.state.rate_scale *= schedule.drop
        row: Row = {"step": self.state.step, "epoch": self.state.step / len(self.plan)}
        self.observer.log(row | {f"valid_{name}": number for name, number in metrics.items()})
        self.measuring = time.monotonic() - begin
        step, then = self.looked
        self.looked = step, then + self.measuring  # so that the next step is not taken to last as long
        return self._begin_again(outputs)

    def _begin_again(self, outputs: Output) -> bool:
        """Go back to the first weights where held-out rows show that training leads nowhere; a few times at most."""
        early = self.state.step < _HOPE * self.settled.total_steps
        if self.first is None or early or self.state.recoveries == _RECOVERIES:
            return False
        assert self.validation is not None and self.validation.wrong is not None
        why = self.validation.wrong(outputs) if self.ranks.main else ""
        if why := self.ranks.text_from_main(why, self.device):
            self._go_back(copied(self.first), why)
        return bool(why)

    def _is_better(self, value: float) -> bool:
        if self.state.best is None or math.isnan(self.state.best):
            return True
        assert self.validation is not None
        return value > self.state.best if self.validation.greater_is_better else value < self.state.best

    def _is_surer(self, value: float, metrics: dict[str, float]) -> bool:
        """Say whether weights are as good as the best and have the lower log loss, or were trained for longer."""
        surer = _TIE not in metrics or metrics[_TIE] < self.metrics.get(_TIE, math.inf)
        return value == self.state.best and surer

    def _stop_early(self) -> bool:
        return 0 < self.config.patience <= self.state.stale

    def _tick(self) -> float:
        """Move the seconds since the last call into the state; return the seconds of the whole run."""
        now = time.monotonic()
        self.state.seconds += now - self.clock
        self.clock = now
        return self.state.seconds

    def _save_if_due(self, stopped: Callable[[], int]) -> None:
        """Save when more than the time between checkpoints would have gone by at the next look, or a signal asks for
        it; under ranks rank 0's clock and signal count, and are looked at about once a second: all must hear of it."""
        measures = self.validation is not None and self._measured_at(self.state.step + 1)
        if self.ranks.size > 1 and not measures and self.state.step < min(self.look, self.settled.total_steps):
            return
        step, then = self.looked
        now = time.monotonic()
        ahead = now - then + (self._seconds_to_measure(now - then) if measures else 0.0)
        due = now - self.saved_at + ahead >= self.config.checkpoint_seconds
        number = int(self.ranks.from_main(stopped(), self.device))
        if number or self.ranks.from_main(due, self.device):
            self._save()
        if self.ranks.size > 1:
            pace = (self.state.step - step) / max(now - then, 1e-9)
            self.look = self.state.step + int(self.ranks.from_main(min(10.0, max(1.0, pace)), self.device))
        self.looked = self.state.step, time.monotonic()
        if number:
            name = signal.Signals(number).name
            raise Interrupted(f"stopped by {name} at step {self.state.step}; go on with --resume", number)

    def _seconds_to_measure(self, step: float) -> float:
        """Return how long the held-out rows took the last time; before the first, what steps over as many rows would
        take, by the seconds of the last."""
        assert self.validation is not None
        rows = len(self.plan.rows(self.state.step - 1))
        return self.measuring if self.measuring is not None else step * len(self.validation.source) / rows

    def _checkpoint(self) -> Checkpoint:
        tensors = {
            "model": get_weights(self.task.model),
            "optimizer": self.stepper.tensors(),
            "average": self.average.tensors(),
            "best": self.best,
        }
        state = asdict(self.state) | {"settled": asdict(self.settled), "metrics": self.metrics}
        return Checkpoint(state, {name: group for name, group in tensors.items() if group})

    def _save(self) -> None:
        """Write a checkpoint, unless that of this step is there."""
        self._tick()
        if self.kept == self._place:
            return
        checkpoint = self._checkpoint()
        if self.ranks.main:
            save_checkpoint(self.folder, checkpoint)
        self.ranks.wait()
        self.kept, self.saved_at = self._place, time.monotonic()

    @property
    def _place(self) -> tuple[int, int]:
        """How often training went back, and the step: what tells one checkpoint from another."""
        return self.state.recoveries, self.state.step

    def _newest(self) -> Checkpoint | None:
        checkpoint, warnings = load_checkpoint(self.folder)
        self.ranks.wait()  # the next one that is written removes what all have read or passed over
        for warning in warnings:
            self.observer.say(warning)
        return checkpoint

    def _restore(self, checkpoint: Checkpoint) -> None:
        state = dict(checkpoint.state)
        self.metrics = state.pop("metrics")
        self.state = State(**state)
        set_weights(self.task.model, checkpoint.tensors["model"])
        self.stepper.load(checkpoint.tensors.get("optimizer", {}))
        self.average.load(checkpoint.tensors.get("average", {}))
        self.best = checkpoint.tensors.get("best", {})
