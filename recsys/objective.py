"""What is done with clicks: log loss in training, ranking and calibration in measuring."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from torch import nn

from ..core.batch import Examples
from ..core.labels import Classes
from ..core.metrics import (
    CalibrationError,
    GroupAuc,
    NormalisedEntropy,
    RocAuc,
    Statistic,
    log_loss,
    ndcg,
    recall,
    reliability,
)
from ..core.objectives import ClassObjective, Link, Prediction
from ..core.report import Evaluation, Table
from ..core.training import BinaryClassification, Output, Task, TrainConfig
from .data import numbers_of_groups, true_probabilities
from .simulate import ceiling

K = 10
"""How many of a group's best rows `ndcg_at_10` and `recall_at_10` look at."""

METRICS = ("roc_auc", "log_loss", "normalised_entropy", "ece")
OF_GROUPS = ("gauc", "ndcg_at_10", "recall_at_10")


class ClickObjective:
    """Outputs are the probabilities of a click (N,); with `group`, rows are ranked within what that column says."""

    link: Link = "sigmoid"

    def __init__(self, labels: Classes, group: str = ""):
        self.labels, self.group = labels, group
        self.metrics = (*METRICS, *(OF_GROUPS if group else ()))

    def task(self, model: nn.Module, config: TrainConfig, examples: Examples | None = None) -> Task:
        """Train by log loss."""
        return BinaryClassification(model)

    def weights(self, examples: Examples) -> npt.NDArray[np.float32] | None:
        """Return None: clicks are rare, and their probability is what is asked for."""
        return None

    def statistics(self, outputs: Output, examples: Examples) -> dict[str, Statistic]:
        """Return the area under the ROC curve, log loss, normalised entropy, the calibration error, and those of
        groups."""
        labels, p = self.labels.encode(examples), np.asarray(outputs)
        found: dict[str, Statistic] = {
            "roc_auc": RocAuc(labels, p),
            "log_loss": log_loss(labels, p),
            "normalised_entropy": NormalisedEntropy(labels, p),
            "ece": CalibrationError(labels, p),
        }
        if self.group:
            groups = numbers_of_groups(examples, self.group)
            found |= {
                "gauc": GroupAuc(labels, p, groups),
                f"ndcg_at_{K}": ndcg(labels, p, groups, K),
                f"recall_at_{K}": recall(labels, p, groups, K),
            }
        return found

    def answers(self, outputs: Output, threshold: float = 0.0) -> list[Prediction]:
        """Return the probability of a click for each row."""
        return [Prediction(float(p), float(p)) for p in np.asarray(outputs)]

    def describe(self, outputs: Output, examples: Examples, evaluation: Evaluation) -> Evaluation:
        """Add the confusion at one half, the scores of both classes, the calibration of a click, the worst mistakes."""
        p = np.asarray(outputs)
        found = ClassObjective(self.labels).describe(np.stack([1 - p, p], axis=1), examples, evaluation)
        bins = reliability(p, self.labels.encode(examples) == 1)
        return replace(found, reliability=tuple(bins), tables=(*found.tables, *_beside_the_truth(examples, evaluation)))


def _beside_the_truth(examples: Examples, evaluation: Evaluation) -> list[Table]:
    """Return how far a model is from the true probabilities, where simulated rows tell them."""
    truth = true_probabilities(examples)
    if truth is None:
        return []
    best = dict(zip(("roc_auc", "log_loss"), ceiling(truth), strict=True))
    rows = [(name, round(evaluation.metrics[name].value, 5), round(value, 5)) for name, value in best.items()]
    columns = ("metric", "model", "expected of the truth")
    return [Table(title="Beside the true probabilities", columns=columns, rows=tuple(rows))]
