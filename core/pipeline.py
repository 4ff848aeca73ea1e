"""What the four pipelines share: fit, predict, evaluate, save, load, with scikit-learn's manners.

A domain's pipeline names its parts (`read`, features, model, task, baseline, evaluation); the way of the data is here.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, clone
from torch import nn

from . import artifact
from .batch import Examples, Source
from .config import from_dict
from .device import pick_device
from .errors import ArtifactError, ConfigError, DataError, NotFittedError, did_you_mean
from .facts import describe_facts, training_facts
from .holdout import hold_out
from .metrics import Statistic, difference, interval, value_of
from .parts import Parts, Prediction
from .publish import publish
from .report import Comparison, Evaluation
from .run import Run, open_run, run_identity
from .tables import is_table, read_table
from .training import (
    Bar,
    History,
    Observer,
    Observers,
    Output,
    Ranks,
    TensorBoard,
    Trainer,
    Validation,
    joined,
    predict,
    read_history,
)
from .training.checkpoint import CHECKPOINTS, remove_checkpoints
from .tuning import Search, Tuning, tune

LINEAR = "linear"
"""The preset that is the domain's classical baseline instead of the Transformer."""


class Pipeline(Parts, BaseEstimator):  # type: ignore[misc]
    """A model with its data adapter, from files or arrays to predictions; the base of the four domains' pipelines.

    `preset` is a name of the domain's presets or "linear", the classical baseline; `budget` ("10m") bounds the training
    time; `config` (a full configuration) takes the place of the preset; `seed` and `budget` go before its own.
    `fit` learns `config_`, `features_`, `model_`, `baseline_`, `evaluation_` (on the held-out rows) and `history_`.
    """

    _watchers: tuple[Observer, ...] = ()

    def __init__(
        self,
        preset: str = "small",
        *,
        seed: int | None = None,
        device: str = "auto",
        budget: str | None = None,
        config: Any = None,
        verbose: bool = False,
    ):
        self.preset = preset
        self.seed = seed
        self.device = device
        self.budget = budget
        self.config = config
        self.verbose = verbose

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        input: str | None = None,
        label: str | None = None,
        valid: float | str | Path = 0.1,
        out: str | Path | None = None,
        resume: bool = False,
        force: bool = False,
    ) -> Self:
        """Train on a path, a DataFrame or arrays; with `out`, keep checkpoints there and save the result.

        `valid` is a share of the rows or a path. `resume` goes on with a run in `out`; `force` replaces it. Raises
        DataError, ConfigError or ArtifactError before anything is written over, TrainingError where training fails.
        """
        config = self.resolve()
        self._forget()
        examples = self.read_labelled(X, y, input=input, label=label)
        train, held_out = self._split(examples, valid, config.train.seed, input, label)
        run = None
        if out is not None:
            identity = {"domain": self.domain, "preset": self.preset} | run_identity(config, train, held_out)
            run = open_run(Path(out), identity, resume=resume, force=force)
        if run and run.message:
            self._say(run.message)
        if run and run.finished:
            saved = vars(self.load(run.path, device=self.device))
            self.__dict__.update({name: value for name, value in saved.items() if name.endswith("_")})
            self.history_: list[dict[str, float]] = read_history(run.path / "history.jsonl")
            self.evaluation_ = self._evaluate(held_out) if held_out is not None else None
            return self
        self.config_ = config
        self.columns_ = {"input": input or self.input, "label": label or self.label}
        with joined(pick_device(self.device)) as ranks:
            self._fit(train, held_out, run, ranks)
        return self

    def _fit(self, train: Examples, held_out: Examples | None, run: Run | None, ranks: Ranks) -> None:
        """Learn everything; of several ranks the first alone writes."""
        self.model_: nn.Module | None = None
        self.history_ = []
        source, validation = self._learn(train, held_out, run, ranks)
        start = time.monotonic()
        self.baseline_ = self.baseline_type().fit(train, self.features_, seed=self.config_.train.seed)
        self.facts_ = {
            "train_rows": len(train),
            "baseline_seconds": round(time.monotonic() - start, 2),
            "parameters": self.baseline_.linear_.parameters,
        }
        if self.preset != LINEAR:
            self._train(source, validation, run, ranks)
        self.evaluation_ = self._evaluate(held_out) if held_out is not None else None
        if run and ranks.main:
            publish(self, run.path)
            remove_checkpoints(run.path / CHECKPOINTS)
            shutil.rmtree(run.path / "features", ignore_errors=True)
        ranks.wait()

    def predict(self, X: Any) -> Any:
        """Return the answer of each row as an array, in row order; raise DataError for a row that cannot be read."""
        return np.array([answer.label for answer in self.answers(self._outputs(self._read_whole(X)))])

    def __call__(self, X: Any, *, input: str | None = None) -> list[Prediction]:
        """Return a `Prediction` for each row, in row order; a row that cannot be read has an `error` instead."""
        self._check_fitted()
        examples = self._read(X, input=input)
        good = np.array([row for row in range(len(examples)) if row not in examples.errors], dtype=np.int64)
        answers = self.answers(self._outputs(examples.take(good))) if len(good) else []
        found = dict(zip(good.tolist(), answers, strict=True))
        return [found.get(row) or Prediction(error=examples.errors[row]) for row in range(len(examples))]

    def evaluate(self, X: Any, y: Any = None, *, input: str | None = None, label: str | None = None) -> Evaluation:
        """Measure on labelled data, beside the classical baseline, with 95 % intervals."""
        return self._evaluate(self._fitted().read_labelled(X, y, input=input, label=label))

    def score(self, X: Any, y: Any = None) -> float:
        """Return the domain's main metric on labelled data."""
        examples = self._fitted().read_labelled(X, y)
        return value_of(next(iter(self.statistics(self._outputs(examples), examples).values())))

    def tune(
        self,
        X: Any,
        y: Any = None,
        *,
        input: str | None = None,
        label: str | None = None,
        valid: float | str | Path = 0.1,
        out: str | Path | None = None,
        budget: str | None = None,
        search: Search | None = None,
    ) -> Tuning:
        """Try settings around the preset's on the same held-out rows, its own first; return the best configuration.

        `budget` ("30m") bounds the time of the whole study; with `out`, the study lies there and can be resumed. This
        pipeline stays as it is: fit another with `config=result.best_config`.
        """
        reader = clone(self)
        examples = reader.read_labelled(X, y, input=input, label=label)
        rows = reader._split(examples, valid, reader.resolve().train.seed, input, label)
        return tune(reader, rows, Path(out) if out is not None else None, budget, search or Search())

    def try_out(self, config: Any, features: Any, rows: tuple[Examples, Examples], watcher: Observer) -> Output:
        """Train a copy with a configuration and its features on the first rows; return its outputs on the second."""
        model, (train, held_out) = clone(self).set_params(config=config, verbose=False), rows
        model.config_, model.features_, model.facts_, model._watchers = config, features, {}, (watcher,)
        model._train(features.source(train, training=True), model._validation(held_out), None, Ranks())
        outputs: Output = model._outputs(held_out)
        return outputs

    def read_labelled(self, X: Any, y: Any = None, *, input: str | None = None, label: str | None = None) -> Examples:
        """Read data of which every row can be used and has a label; raise DataError otherwise."""
        return self._with_labels(_whole(self._read(X, y, input, label)), X, label)

    def check(self, X: Any, y: Any = None, *, input: str | None = None, label: str | None = None) -> dict[str, Any]:
        """Read data as training would, and return what is in it: rows, labels with their counts, rows in error."""
        examples = self._read(X, y, input, label)
        found: dict[str, Any] = {"data": examples.name, "rows": len(examples)}
        if examples.labels is not None:
            names, counts = np.unique(examples.labels.astype(str), return_counts=True)
            most = np.argsort(-counts, kind="stable")[:20]
            found |= {"labels": len(names), "counts": {str(names[k]): int(counts[k]) for k in most}}
        errors = {examples.place(row): why for row, why in list(examples.errors.items())[:20]}
        return found | {"rows in error": len(examples.errors), "errors": errors}

    def save(self, path: str | Path) -> Path:
        """Write the model as a folder that `load` reads; the baseline lies in it as a model of its own."""
        self._check_fitted()
        folder = Path(path)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ArtifactError(f"{folder}: it is there already and not empty; choose another path")
        publish(self, folder)
        return folder

    @classmethod
    def load(cls, path: str | Path, *, device: str = "auto") -> Self:
        """Read a model that `save` wrote; raises ArtifactError where it is damaged, foreign or newer."""
        folder = Path(path)
        manifest = artifact.read_manifest(folder)
        if manifest.domain != cls.domain:
            raise ArtifactError(f"{folder}: a model of the domain {manifest.domain}, not {cls.domain}")
        config = from_dict(type(next(iter(cls.presets.values()))()), manifest.config)
        model = cls(preset=manifest.kind, seed=config.train.seed, device=device, config=config)
        model.config_ = config
        model.features_ = cls.features_type.load(folder, model.config_.features)
        model.model_ = None
        if manifest.kind != LINEAR:
            model._place(model.build_model(), artifact.load_weights(folder))
            folder = folder / "baseline"
            artifact.read_manifest(folder)
        model.baseline_ = cls.baseline_type.load(folder)
        model.evaluation_, model.history_ = None, []
        model.columns_, model.facts_ = manifest.learned["columns"], manifest.learned["facts"]
        return model

    def _read(self, X: Any, y: Any = None, input: str | None = None, label: str | None = None) -> Examples:
        """Read data, by the columns of the training data unless others are given."""
        if isinstance(X, Examples):
            return X
        columns = getattr(self, "columns_", {"input": self.input, "label": self.label})
        if y is not None and hasattr(X, "__len__") and not isinstance(X, str) and len(X) != len(y):
            raise DataError(f"{len(X)} rows but {len(y)} labels; give one a row")
        return self.read(X, y, input=input or columns["input"], label=label or columns["label"])

    def _read_whole(self, X: Any, y: Any = None, input: str | None = None, label: str | None = None) -> Examples:
        """Read data of which every row can be used; raise DataError at the first that cannot."""
        self._check_fitted()
        return _whole(self._read(X, y, input, label))

    def _with_labels(self, examples: Examples, X: Any, label: str | None) -> Examples:
        """Return examples that have labels; DataError names the column that lacks, with the nearest that is there."""
        if examples.labels is None:
            if is_table(X):
                read_table(X).column(label or getattr(self, "columns_", {}).get("label", self.label))
            raise DataError(f"{examples.name}: there are no labels; training and measuring need one for each row")
        return examples

    def _forget(self) -> None:
        """Drop what an earlier fit learned."""
        for name in [name for name in vars(self) if name.endswith("_") and not name.startswith("_")]:
            delattr(self, name)

    def resolve(self) -> Any:
        """Return the whole configuration: the given one, or the preset's, with seed and budget put in."""
        names = [*self.presets, LINEAR]
        if self.preset not in names:
            raise ConfigError(f"no preset '{self.preset}'{did_you_mean(self.preset, names)}")
        config = self.config or self.presets.get(self.preset, next(iter(self.presets.values())))()
        seed = config.train.seed if self.seed is None else self.seed
        train = replace(config.train, seed=seed, budget=self.budget or config.train.budget)
        if train.metric is not None and train.metric not in self.metrics:
            raise ConfigError(f"train.metric: no metric '{train.metric}'{did_you_mean(train.metric, self.metrics)}")
        return replace(config, train=train)

    def _split(
        self, examples: Examples, valid: float | str | Path, seed: int, input: str | None, label: str | None
    ) -> tuple[Examples, Examples | None]:
        try:
            share = float(str(valid))
        except ValueError:
            return examples, self.read_labelled(valid, input=input, label=label)
        return hold_out(examples, share, seed, stratify=self.stratify)

    def _learn(
        self, train: Examples, held_out: Examples | None, run: Run | None, ranks: Ranks
    ) -> tuple[Source, Validation | None]:
        """Learn the features, or read those that an interrupted run learned from the same data; return the sources.

        Bad data are found here, before anything is written.
        """
        kept = run.path / "features" if run else None
        resumed = run is not None and not run.fresh and kept is not None and kept.is_dir()
        self.features_ = (
            self.features_type.load(kept, self.config_.features)
            if resumed
            else self.features_type.fit(train, self.config_.features)
        )
        source, validation = self.features_.source(train, training=True), self._validation(held_out)
        ranks.wait()
        if run and kept and ranks.main and not resumed:
            run.begin()
            unfinished = kept.with_name(".features")
            unfinished.mkdir(exist_ok=True)
            self.features_.save(unfinished)
            unfinished.rename(kept)
        ranks.wait()
        return source, validation

    def _train(self, source: Source, validation: Validation | None, run: Run | None, ranks: Ranks) -> None:
        history = History(run.path / "history.jsonl" if run and ranks.main else None)
        task = self.build_task(self._fresh_model())
        left_out = list(getattr(source, "left_out", ()))
        for name in left_out:
            self._say(f"left out of training: {name}")
        folder, observer = run.path if run else None, self._observer(history, run)
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
        return Validation(self.features_.source(held_out), score, metric, metric not in self.lower_is_better)

    def _observer(self, history: History, run: Run | None) -> Observer:
        watchers: list[Observer] = [history, *self._watchers]
        if self.verbose:
            watchers.append(Bar())
        if self.config_.train.tensorboard and run:
            watchers.append(TensorBoard(run.path / "tensorboard"))
        return Observers(*watchers)

    def _outputs(self, examples: Examples) -> Output:
        self._check_fitted()
        if self.model_ is None:
            outputs: Output = self.baseline_.outputs(examples)
            return outputs
        return predict(self.task_, self.features_.source(examples), pick_device(self.device))

    def _evaluate(self, examples: Examples) -> Evaluation:
        outputs = self._outputs(examples)
        found = self.statistics(outputs, examples)
        evaluation = Evaluation(
            domain=self.domain, data=examples.name, rows=len(examples), model=self._model_name(),
            metrics={name: interval(statistic) for name, statistic in found.items()},
            greater_is_better=self.main_metric not in self.lower_is_better,
            baseline=self._beside(examples, found) if self.model_ is not None else None,
            history=tuple(self.history_), facts=describe_facts(self.facts_),
        )  # fmt: skip
        return self.describe(outputs, examples, evaluation)

    def _beside(self, examples: Examples, ours: dict[str, Statistic]) -> Comparison:
        """Measure the baseline on the same rows."""
        theirs = self.statistics(self.baseline_.outputs(examples), examples)
        return Comparison(
            name=self.baseline_.name,
            metrics={name: interval(statistic) for name, statistic in theirs.items()},
            difference=difference(ours[self.main_metric], theirs[self.main_metric]),
        )

    def _model_name(self) -> str:
        return f"Transformer ({self.preset})" if self.model_ is not None else str(self.baseline_.name)

    def _place(self, model: nn.Module, weights: dict[str, torch.Tensor]) -> None:
        """Put saved weights into a model and the model onto the device."""
        model.load_state_dict(weights)
        self.model_ = model.to(pick_device(self.device)).eval()
        self.task_ = self.build_task(self.model_)

    def _fitted(self) -> Self:
        self._check_fitted()
        return self

    def _check_fitted(self) -> None:
        if not hasattr(self, "features_"):
            name = type(self).__name__
            raise NotFittedError(f"this {name} is not fitted; call fit, or {name}.load(path)")

    def _say(self, message: str) -> None:
        if self.verbose:
            Bar().say(message)


def _whole(examples: Examples) -> Examples:
    """Return examples of which every row can be used; raise DataError at the first that cannot."""
    for row, why in examples.errors.items():
        raise DataError(f"{examples.place(row)}: {why}")
    return examples
