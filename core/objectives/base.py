"""The interface of an objective."""

from __future__ import annotations

from typing import Any, Literal, Protocol

import numpy.typing as npt
from torch import nn

from ..batch import Examples
from ..metrics import Statistic
from ..report import Evaluation
from ..training import Output, Task, TrainConfig
from .answer import Prediction

Link = Literal["softmax", "sigmoid", "identity"]
"""How outputs follow from scores: probabilities that sum to one, probabilities each by itself, or the scores."""


class Objective(Protocol):
    """What a kind of label brings; `metrics` holds the main one first."""

    metrics: tuple[str, ...]
    link: Link

    def task(self, model: nn.Module, config: TrainConfig, examples: Examples | None = None) -> Task:
        """Wrap a model for training; `examples` are the training rows, where weights are counted."""
        ...

    def weights(self, examples: Examples) -> npt.NDArray[Any] | None:
        """Return what each label weighs where the classes weigh the same in total, in the shape of the encoded labels;
        None for numbers."""
        ...

    def statistics(self, outputs: Output, examples: Examples) -> dict[str, Statistic]:
        """Return the metrics, the main one first."""
        ...

    def answers(self, outputs: Output, threshold: float = 0.0) -> list[Prediction]:
        """Turn outputs into answers; a row less sure than `threshold` is none of the classes."""
        ...

    def describe(self, outputs: Output, examples: Examples, evaluation: Evaluation) -> Evaluation:
        """Add tables, calibration and the worst mistakes."""
        ...
