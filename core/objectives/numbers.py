"""A number a row: regression."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from torch import nn

from ..batch import Examples
from ..labels import Numbers
from ..metrics import R2, Pearson, Rmse, Statistic, mean_absolute_error, spearman
from ..report import Evaluation
from ..training import Output, Regression, Task, TrainConfig
from .answer import Prediction
from .base import Link
from .mistakes import worst


class NumberObjective:
    """Outputs are numbers (N,), in the unit of the labels."""

    metrics: tuple[str, ...] = ("r2", "pearson", "spearman", "rmse", "mae")
    link: Link = "identity"

    def __init__(self, labels: Numbers):
        self.labels = labels

    def task(self, model: nn.Module, config: TrainConfig, examples: Examples | None = None) -> Task:
        """Train by the squared error of the standardised number."""
        return Regression(model, self.labels.mean, self.labels.deviation)

    def weights(self, examples: Examples) -> None:
        """There are no classes to weigh."""

    def statistics(self, outputs: Output, examples: Examples) -> dict[str, Statistic]:
        """Return the explained share of the variance, both correlations and both errors."""
        labels, said = self.labels.encode(examples), np.asarray(outputs, np.float64)
        return {
            "r2": R2(labels, said),
            "pearson": Pearson(labels, said),
            "spearman": spearman(labels, said),
            "rmse": Rmse(labels, said),
            "mae": mean_absolute_error(labels, said),
        }

    def answers(self, outputs: Output, threshold: float = 0.0) -> list[Prediction]:
        """Return the number of each row."""
        return [Prediction(float(value)) for value in np.asarray(outputs)]

    def describe(self, outputs: Output, examples: Examples, evaluation: Evaluation) -> Evaluation:
        """Add the rows that were the farthest off."""
        labels, said = self.labels.encode(examples), np.asarray(outputs, np.float64)
        missed = np.abs(labels - said)
        mistakes = worst(
            examples,
            missed,
            truth=lambda row: f"{labels[row]:.4g}",
            said=lambda row: f"{said[row]:.4g}",
            score=lambda row: float(missed[row]),
        )
        return replace(evaluation, mistakes=mistakes)
