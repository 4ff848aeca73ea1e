"""One class a row: cross-entropy, accuracy, confusion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from torch import nn

from ..batch import Examples
from ..labels import Classes
from ..metrics import MacroF1, Statistic, accuracy, class_scores, confusion, f1, log_loss, reliability
from ..report import Confusion, Evaluation, Table
from ..training import Classification, Output, Task, TrainConfig
from .answer import NONE_OF_THESE, Prediction
from .base import Link
from .mistakes import worst

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


class ClassObjective:
    """Outputs are probabilities (N, classes)."""

    link: Link = "softmax"

    def __init__(self, labels: Classes):
        self.labels = labels
        self.metrics = ("accuracy", "macro_f1", *(("f1",) if len(labels) == 2 else ()), "log_loss")

    def task(self, model: nn.Module, config: TrainConfig, examples: Examples | None = None) -> Task:
        """Train by cross-entropy; `class_weights` "balanced" has every class weigh the same in total."""
        weights = None
        if config.class_weights == "balanced" and examples is not None:
            weights = balanced(self.labels.encode(examples), len(self.labels))
        return Classification(model, config.label_smoothing, weights)

    def weights(self, examples: Examples) -> Floats:
        """Return the weight of each row (N,)."""
        labels = self.labels.encode(examples)
        return np.asarray(balanced(labels, len(self.labels))[labels])

    def statistics(self, outputs: Output, examples: Examples) -> dict[str, Statistic]:
        """Return accuracy, macro F1, for two classes F1 of the second as in scikit-learn, and log loss."""
        labels, probabilities = self.labels.encode(examples), np.asarray(outputs)
        said = probabilities.argmax(1)
        found: dict[str, Statistic] = {"accuracy": accuracy(labels, said), "macro_f1": MacroF1(labels, said)}
        if len(self.labels) == 2:
            found["f1"] = f1(labels, said)
        return found | {"log_loss": log_loss(labels, probabilities)}

    def answers(self, outputs: Output, threshold: float = 0.0) -> list[Prediction]:
        """Return the most probable class of each row with its probability."""
        probabilities = np.asarray(outputs)
        return [
            Prediction(self.labels.names[column] if sure >= threshold else NONE_OF_THESE, float(sure))
            for column, sure in zip(probabilities.argmax(1), probabilities.max(1), strict=True)
        ]

    def describe(self, outputs: Output, examples: Examples, evaluation: Evaluation) -> Evaluation:
        """Add the confusion matrix, the scores of each class, the calibration and the worst mistakes."""
        labels, probabilities, names = self.labels.encode(examples), np.asarray(outputs), self.labels.names
        said, sure = probabilities.argmax(1), probabilities.max(1)
        counts = confusion(labels, said, len(names))
        rows = [(str(name), *score) for name, score in zip(names, class_scores(counts), strict=True)]
        classes = Table(title="Classes", columns=("class", "precision", "recall", "f1", "rows"), rows=tuple(rows))
        return replace(
            evaluation,
            confusion=Confusion(labels=tuple(map(str, names)), counts=tuple(map(tuple, counts.tolist()))),
            tables=(*evaluation.tables, classes),
            reliability=tuple(reliability(sure, labels == said)),
            mistakes=worst(
                examples,
                np.where(said != labels, sure, -1.0),
                truth=lambda row: str(names[labels[row]]),
                said=lambda row: str(names[said[row]]),
                score=lambda row: float(sure[row]),
            ),
        )


def balanced(labels: Integers, classes: int) -> Floats:
    """Return N / (classes · rows of the class), as scikit-learn's "balanced"; 0 for a class without rows.

    >>> balanced(np.array([0, 0, 0, 1, 1, 1, 1, 1]), 2).tolist() == [np.float32(4 / 3), np.float32(0.8)]
    True
    """
    counts = np.bincount(labels[labels >= 0], minlength=classes)
    weights = np.divide(counts.sum(), classes * counts, out=np.zeros(classes), where=counts > 0)
    return np.asarray(weights, np.float32)
