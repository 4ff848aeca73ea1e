"""How a pipeline learns: its features, its baseline and its Transformer, each kept in the run for one that goes on."""

from __future__ import annotations

import time
from abc import abstractmethod
from pathlib import Path
from typing import Any, Self

import torch
from torch import nn

from .answering import Answering
from .batch import Examples, Source
from .device import pick_device
from .errors import UnknownName
from .facts import training_facts
from .metrics import value_of
from .run import FEATURES, STAGES, Run
from .teaching import load_teacher, taught
from .training import (
    History,
    Observer,
    Observers,
    Output,
    Ranks,
    TensorBoard,
    Trainer,
    Validation,
    learned_by_main,
)

_BASELINE, _SECONDS = f"{STAGES}/classical", "seconds.txt"


class Learning(Answering):
    """The part of a pipeline that learns."""

    teacher: str | Path | None
    history_: list[dict[str, float]]
    facts_: dict[str, Any]

    @classmethod
    @abstractmethod
    def load(cls, path: str | Path, *, device: str = "auto", precision: str = "float32") -> Self:
        """Read a model that was saved, such as a teacher."""

    def _learn(
        self, train: Examples, held_out: Examples | None, run: Run | None, ranks: Ranks
    ) -> tuple[Source, Validation | None]:
        """Learn the features, or read those that an interrupted run learned from the same data; return the sources.

        Bad data are found here, before anything is written.
        """
        kept = run.kept(FEATURES) if run else None

        def load(folder: Path) -> Any:
            return self.features_type.load(folder, self.config_.features)

        if kept:
            self.features_ = load(kept)
        else:
            found = self.learn_features(train, self.config_.features)
            self.features_ = learned_by_main(found, load, ranks, pick_device(self.device))
        self.check_settings(held_out)
        load_teacher(self)  # a wrong one is refused before anything is trained
        source, validation = self.features_.source(train, training=True), self._validation(held_out)
        ranks.wait()
        if run and ranks.main and not kept:
            run.begin()
            run.keep(FEATURES, self.features_.save)
        ranks.wait()
        return source, validation

    def _baseline(self, train: Examples, run: Run | None, ranks: Ranks) -> tuple[Any, float]:
        """Fit the baseline, or read the one that an interrupted run fitted; return it, and the seconds it took."""
        if run and (kept := run.kept(_BASELINE)):
            return self.baseline_type.load(kept), float((kept / _SECONDS).read_text(encoding="utf-8"))
        start = time.monotonic()
        found = self.fit_baseline(train)
        seconds = round(time.monotonic() - start, 2)

        def save(folder: Path) -> None:
            self.features_.save(folder)
            found.save(folder)
            (folder / _SECONDS).write_text(str(seconds), encoding="utf-8")

        if run and ranks.main:
            run.keep(_BASELINE, save)
        return found, seconds

    def _train(
        self,
        train: Examples,
        source: Source,
        validation: Validation | None,
        run: Run | None,
        ranks: Ranks,
        watcher: Observer | None = None,
    ) -> None:
        history = History(run.path / "history.jsonl" if run and ranks.main else None)
        left_out = list(getattr(source, "left_out", ()))
        for name in left_out:
            self._say(f"left out of training: {name}")
        folder, watcher = run.path if run else None, watcher or self._watcher()
        task = self.build_task(self.prepare(self._fresh_model(), train, folder, self._watcher()), train)
        task, source = taught(self, task, source, train)
        observer = self._observer(history, watcher, run)
        trainer = Trainer(self.config_.train, pick_device(self.device), folder, observer)
        outcome = trainer.fit(task, source, validation)
        # A model that was sharded over the ranks is built anew, whole.
        self._place(task.model if ranks.size == 1 else self._fresh_model(), outcome.weights)
        self.history_ = history.rows
        assert self.model_ is not None
        self.facts_ |= training_facts(outcome, self.model_) | {"left_out": len(left_out)}

    def _fresh_model(self) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.config_.train.seed)
            return self.build_model()

    def _validation(self, held_out: Examples | None) -> Validation | None:
        if held_out is None:
            return None

        def score(outputs: Output) -> dict[str, float]:
            return {name: value_of(found) for name, found in self.statistics(outputs, held_out).items()}

        metric = self.config_.train.metric or self.main_metric
        if self.objective is not None and metric not in self.objective.metrics:
            kind, there = type(self.features_.classes).__name__, ", ".join(self.objective.metrics)
            raise UnknownName(f"train.metric: '{metric}' is not measured for {kind}; there is: {there}")
        better = metric not in self.lower_is_better
        return Validation(self.features_.source(held_out), score, metric, better, self.hopeless())

    def _observer(self, history: History, watcher: Observer, run: Run | None) -> Observer:
        watchers: list[Observer] = [history, watcher]
        if self.config_.train.tensorboard and run:
            watchers.append(TensorBoard(run.path / "tensorboard"))
        return Observers(*watchers)

    def _place(self, model: nn.Module, weights: dict[str, torch.Tensor]) -> None:
        """Put saved weights into a model and the model onto the device."""
        model.load_state_dict(weights)
        self.model_ = model.to(pick_device(self.device)).eval()
        self.task_ = self.build_task(self.model_)
