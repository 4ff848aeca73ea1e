"""What a domain gives its pipeline: names, readers, model, task, metrics and answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import nn

from .batch import Examples
from .metrics import Statistic
from .report import Evaluation
from .training import Output, Task
from .tuning.space import Space


@dataclass(frozen=True)
class Prediction:
    """One row's answer; `error` says why there is none."""

    label: Any = None
    probability: float | None = None
    error: str | None = None


class Parts(ABC):
    """The parts of a domain; `Pipeline` puts them together.

    `metrics` holds the main one first. `columns` says which field of a `Prediction` each column of `predict` shows.
    `space` is what `tune` searches, by dotted name.
    `features_type` and `baseline_type` have `fit`, `save` and `load`; features also make a `Source`.
    """

    domain: ClassVar[str]
    presets: ClassVar[Mapping[str, Callable[[], Any]]]
    space: ClassVar[Space] = {}
    features_type: ClassVar[Any]
    baseline_type: ClassVar[Any]
    input: ClassVar[str | None]
    label: ClassVar[str] = "label"
    columns: ClassVar[dict[str, str]] = {"label": "label", "probability": "probability"}
    metrics: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1", "log_loss")
    lower_is_better: ClassVar[tuple[str, ...]] = ("log_loss", "wer", "cer")
    stratify: ClassVar[bool] = True

    @property
    def main_metric(self) -> str:
        """The metric that decides: the first."""
        return self.metrics[0]

    @abstractmethod
    def read(self, data: Any, labels: Any = None, *, input: str | None = None, label: str | None = None) -> Examples:
        """Read examples from a path, a DataFrame or arrays."""

    @abstractmethod
    def build_model(self) -> nn.Module:
        """Build the model from `config_` and `features_`, with fresh weights."""

    @abstractmethod
    def build_task(self, model: nn.Module) -> Task:
        """Wrap the model for training and prediction."""

    @abstractmethod
    def statistics(self, outputs: Output, examples: Examples) -> dict[str, Statistic]:
        """Return the metrics of predictions, the main one first."""

    @abstractmethod
    def describe(self, outputs: Output, examples: Examples, evaluation: Evaluation) -> Evaluation:
        """Add the domain's tables and worst mistakes to an evaluation."""

    @abstractmethod
    def answers(self, outputs: Output) -> list[Prediction]:
        """Turn outputs into answers, row by row."""

    def read_inputs(self, inputs: list[str]) -> Examples:
        """Read what a person wrote on the command line."""
        return self.read(inputs)
