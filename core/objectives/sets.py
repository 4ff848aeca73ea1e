"""Several labels a row: one yes or no for each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from torch import nn

from ..batch import Examples
from ..labels import SEPARATOR, LabelSets
from ..metrics import SetMacroF1, Statistic, binary_log_loss, exact, f1, reliability, set_scores
from ..report import Evaluation, Table
from ..training import Output, SetClassification, Task, TrainConfig
from .answer import Prediction
from .base import Link
from .mistakes import worst


class SetObjective:
    """Outputs are probabilities (N, labels), each by itself; a label is given from one half on."""

    metrics: tuple[str, ...] = ("micro_f1", "macro_f1", "accuracy", "log_loss")
    link: Link = "sigmoid"

    def __init__(self, labels: LabelSets):
        self.labels = labels

    def task(self, model: nn.Module, config: TrainConfig, examples: Examples | None = None) -> Task:
        """Train by the mean log loss of the labels; "balanced" weighs the rows that have a label up."""
        weights = None
        if config.class_weights == "balanced" and examples is not None:
            weights = _positive(self.labels.encode(examples))
        return SetClassification(model, weights)

    def weights(self, examples: Examples) -> npt.NDArray[np.float32]:
        """Return the weight of each yes or no (N, labels)."""
        labels = self.labels.encode(examples)
        return np.where(labels > 0, _positive(labels), 1).astype(np.float32)

    def statistics(self, outputs: Output, examples: Examples) -> dict[str, Statistic]:
        """Return micro and macro F1, the share of rows that are wholly right, and log loss."""
        labels, probabilities = self.labels.encode(examples), np.asarray(outputs)
        said = (probabilities >= 0.5).astype(np.float32)
        return {
            "micro_f1": f1(labels, said),
            "macro_f1": SetMacroF1(labels, said),
            "accuracy": exact(labels, said),
            "log_loss": binary_log_loss(labels, probabilities),
        }

    def answers(self, outputs: Output, threshold: float = 0.0) -> list[Prediction]:
        """Return the labels of each row as a tuple, with the probability of the least sure yes or no."""
        probabilities = np.asarray(outputs)
        sure = np.maximum(probabilities, 1 - probabilities).min(1)
        return [
            Prediction(tuple(name for name, p in zip(self.labels.names, row, strict=True) if p >= 0.5), float(least))
            for row, least in zip(probabilities, sure, strict=True)
        ]

    def describe(self, outputs: Output, examples: Examples, evaluation: Evaluation) -> Evaluation:
        """Add the scores of each label, the calibration of all yes and no, and the worst mistakes."""
        labels, probabilities = self.labels.encode(examples), np.asarray(outputs)
        said = (probabilities >= 0.5).astype(np.float32)
        scores = zip(self.labels.names, set_scores(labels, said), strict=True)
        rows = [(str(name), *score) for name, score in scores]
        sure = np.maximum(probabilities, 1 - probabilities)
        wrong = np.where(said != labels, sure, -1.0).max(1)

        def named(row: np.ndarray) -> str:
            return SEPARATOR.join(name for name, yes in zip(self.labels.names, row, strict=True) if yes)

        return replace(
            evaluation,
            tables=(*evaluation.tables, Table(title="Labels", columns=_COLUMNS, rows=tuple(rows))),
            reliability=tuple(reliability(sure.ravel(), (said == labels).ravel())),
            mistakes=worst(
                examples,
                wrong,
                truth=lambda row: named(labels[row]),
                said=lambda row: named(said[row]),
                score=lambda row: float(wrong[row]),
            ),
        )


_COLUMNS = ("label", "precision", "recall", "f1", "rows")


def _positive(labels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return how much more the rows that have a label weigh, for each label; 1 for one that no row has."""
    share = labels.mean(0)
    return np.asarray(np.divide(1 - share, share, out=np.ones_like(share), where=share > 0), np.float32)
