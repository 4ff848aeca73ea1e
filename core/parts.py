"""What a domain gives its pipeline: names, readers, model, task, metrics and answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from torch import nn

from .batch import Examples, Source
from .errors import Unsupported
from .holdout import Strata
from .metrics import Statistic
from .objectives import Objective, Prediction
from .report import Evaluation
from .summary import summarise
from .training import Observer, Output, Task
from .tuning.space import Space


@dataclass(frozen=True)
class Classical:
    """One of a domain's classical models: what a person calls it, and what `tune` searches of it."""

    label: str
    space: Space = field(default_factory=dict)


class Parts(ABC):
    """The parts of a domain; `Pipeline` puts them together.

    `metrics` holds the main one first; `space` is what `tune` searches, by dotted name.
    `weighable` says whether there are classes that `train.class_weights` weighs. `schemes` begin the names of models of
    others that `load_foreign` makes pipelines of.
    `features_type` and `baseline_type` have `fit`, `save` and `load`; features also make a `Source`, and a baseline has
    a `name`, the number of its `parameters` and `outputs(examples)`. One of several models also has their `names`, the
    `best` of them, which speaks for all, and `all_outputs(examples, names)`. `classical` holds the models that the
    setting `classical.model` may name; a baseline then takes the section `classical` of the settings.
    """

    config_: Any
    features_: Any
    baseline_: Any
    domain: ClassVar[str]
    presets: ClassVar[Mapping[str, Callable[[], Any]]]
    space: ClassVar[Space] = {}
    classical: ClassVar[Mapping[str, Classical]] = {}
    features_type: ClassVar[Any]
    baseline_type: ClassVar[Any]
    input: ClassVar[str | None]
    label: ClassVar[str] = "label"
    metrics: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1", "log_loss")
    lower_is_better: ClassVar[tuple[str, ...]] = ("log_loss", "wer", "cer", "rmse", "mae")
    stratify: ClassVar[bool] = True
    weighable: ClassVar[bool] = False
    schemes: ClassVar[tuple[str, ...]] = ()

    @property
    def main_metric(self) -> str:
        """The metric that decides: the first."""
        return self.metrics[0]

    @abstractmethod
    def read(self, data: Any, labels: Any = None, *, input: str | None = None, label: str | None = None) -> Examples:
        """Read examples from a path, a DataFrame or arrays; with a `label` "" no labels need be read."""

    @abstractmethod
    def build_model(self) -> nn.Module:
        """Build the model from `config_` and `features_`, with fresh weights."""

    @abstractmethod
    def build_task(self, model: nn.Module, examples: Examples | None = None) -> Task:
        """Wrap the model for prediction, or for training on `examples`."""

    @abstractmethod
    def statistics(self, outputs: Output, examples: Examples) -> dict[str, Statistic]:
        """Return the metrics of predictions, the main one first."""

    @abstractmethod
    def describe(self, outputs: Output, examples: Examples, evaluation: Evaluation) -> Evaluation:
        """Add the domain's tables and worst mistakes to an evaluation."""

    @abstractmethod
    def answers(self, outputs: Output) -> list[Prediction]:
        """Turn outputs into answers, row by row."""

    def group(self, examples: Examples) -> npt.NDArray[np.int64] | None:
        """Return the number of each row's group, of rows that must not be split; None where each is by itself."""
        return None

    @property
    def objective(self) -> Objective | None:
        """What is done with the labels, where that is common to domains; else None."""
        return None

    @property
    def wide(self) -> bool:
        """Whether the baseline has a say in every answer, as the wide branch beside the Transformer (`config.wide`)."""
        return bool(getattr(self.config_, "wide", False))

    def strata(self, examples: Examples) -> Strata:
        """Return the classes of each row, of which a split takes rows in proportion."""
        if not self.stratify or examples.labels is None:
            return None
        return [(str(label),) for label in examples.labels]

    @property
    def columns(self) -> dict[str, str]:
        """Which field of a `Prediction` each column of `predict` shows."""
        return {"label": "label", "probability": "probability"}

    @property
    def details(self) -> dict[str, str]:
        """Which fields of a `Prediction` `predict` shows beside the columns where a row may hold more than cells."""
        return {}

    def answer_with(self, values: Mapping[str, Any]) -> Self:
        """Change how a fitted model answers, by nested settings."""
        raise Unsupported(f"{self.domain} has no settings of how a trained model answers")

    def settle(self, held_out: Examples) -> None:
        """Choose on the held-out rows what the training left open."""
        return

    def save_more(self, folder: Path) -> None:
        """Write what the model needs beside weights and features."""
        return

    def load_more(self, folder: Path) -> None:
        """Read what `save_more` wrote, before the model is built."""
        return

    def targets(self, examples: Examples) -> npt.NDArray[Any]:
        """Return the labels as numbers, in the shape of the outputs or, of classes, one a row."""
        found: npt.NDArray[Any] = self.features_.classes.encode(examples)
        return found

    def weights(self, examples: Examples) -> npt.NDArray[Any] | None:
        """Return what each label counts in a fit; None where all count the same."""
        return None

    @property
    def deep_name(self) -> str:
        """What the report calls the model without the wide branch."""
        return "Transformer"

    @property
    def wide_name(self) -> str:
        """What the report calls the wide branch."""
        return str(getattr(self.baseline_, "best", "linear model"))

    def choose_threshold(self, outputs: Output | None) -> float:
        """Return how sure an answer must be, from the outputs of the held-out rows if any; 0: none is turned away."""
        return 0.0

    @classmethod
    def load_foreign(cls, scheme: str, name: str, device: str) -> Any:
        """Return a pipeline that is a model of others, a folder or a name on the hub; `scheme` says of whom."""
        raise Unsupported(f"{scheme}:{name}: {cls.domain} knows no models of others")

    def read_start(self, init: str) -> Any:
        """Read the pretrained model `init`, a folder or a name on the hub; it has `weights` by name."""
        raise Unsupported(f"init '{init}': {self.domain} has no pretrained models; leave it out")

    def adopt(self, config: Any, start: Any) -> Any:
        """Return `config` in the shape of a pretrained model."""
        return config

    @property
    def search_space(self) -> Space:
        """What `tune` searches."""
        return self.space

    def learn_features(self, examples: Examples, config: Any) -> Any:
        """Learn the features from the training rows."""
        return self.features_type.fit(examples, config)

    def fit_baseline(self, examples: Examples) -> Any:
        """Fit the classical baseline to the training rows."""
        return self.new_baseline().fit(examples, self.features_, seed=self.config_.train.seed)

    def new_baseline(self) -> Any:
        """Return the classical baseline before its fit, with its settings where the domain has such."""
        return self.baseline_type(self.config_.classical) if self.classical else self.baseline_type()

    def other_baselines(self, examples: Examples) -> dict[str, Output]:
        """Return what the classical models say that are not the best, by their names, for the report."""
        names = tuple(name for name in getattr(self.baseline_, "names", ()) if name != self.baseline_.best)
        found: dict[str, Output] = self.baseline_.all_outputs(examples, names) if names else {}
        return found

    def named_files(self, config: Any) -> dict[str, str]:
        """Return what tells one content of the files that settings name from another, for a run to remember."""
        return {}

    def hopeless(self) -> Callable[[Output], str] | None:
        """Return what says why training leads nowhere, from the outputs of held-out rows; None: it always may."""
        return None

    def check_settings(self, held_out: Examples | None) -> None:
        """Raise ConfigError where a setting does not suit what was learned, before training begins."""
        return

    def prepare(self, model: nn.Module, examples: Examples, folder: Path | None, observer: Observer) -> nn.Module:
        """Return a fresh model with its first weights, where these come from elsewhere; `folder` keeps what it took."""
        return model

    def follow(self, source: Source, says: Output, share: float) -> Source:
        """Return a training source whose labels are, for `share` of the rows, what a teacher says of the training rows.

        It is asked only of a domain whose task has no outputs to imitate.
        """
        raise Unsupported(f"teacher: {self.domain} has nothing to imitate; label data with predict, and train on them")

    def examine(self, examples: Examples, test: Examples | None = None) -> dict[str, Any]:
        """Return what is in data: `fatal` lists the errors that stop training, `warnings` what may spoil it."""
        return summarise(examples, test, self.tolerance)

    @property
    def tolerance(self) -> float:
        """The share of rows that may be left out of training and measuring because they cannot be read."""
        return 0.0

    def parts_of(self, data: Any) -> dict[str, Any]:
        """Return the parts that data are divided into: `train`, and perhaps `valid` and `test`."""
        return {"train": data}

    def read_inputs(self, inputs: list[str]) -> Examples:
        """Read what a person wrote on the command line."""
        return self.read(inputs)
