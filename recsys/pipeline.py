"""`ClickPredictor`: from table rows to the probability of a click."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import nn

from ..core.batch import Examples
from ..core.errors import ConfigError, DataError
from ..core.metrics import RocAuc, Statistic, log_loss
from ..core.objectives import ClassObjective, Prediction
from ..core.pipeline import Pipeline
from ..core.report import Evaluation
from ..core.training import BinaryClassification, Output, Task
from . import data
from .baselines import ClickBaseline
from .config import PRESETS, SPACE
from .domain import DOMAIN
from .model import DeepFM


class ClickPredictor(Pipeline):
    """Predicts the probability of a click from a table with DeepFM, beside one-hot logistic regression.

    Every column but the label is a field. `predict` returns probabilities.
    """

    domain = DOMAIN.name
    input = DOMAIN.input
    label = DOMAIN.label
    columns = {"probability": "probability"}
    metrics = ("roc_auc", "log_loss")
    presets = PRESETS
    space = SPACE
    features_type = data.ClickFeatures
    baseline_type = ClickBaseline

    @property
    def classes_(self) -> npt.NDArray[Any]:
        """The two labels, the positive one last."""
        self._check_fitted()
        names: npt.NDArray[Any] = self.features_.classes.array()
        return names

    def read(self, data_: Any, labels: Any = None, *, input: str | None = None, label: str | None = None) -> Examples:
        """Read a table from a file, a DataFrame or records; once fitted, rows with unreadable numbers are errors."""
        if input is not None:
            raise ConfigError(f"input '{input}': recsys reads every column but the label; leave --input out")
        if not isinstance(data_, str | Path | pd.DataFrame):
            data_ = pd.DataFrame(data_)
        examples = data.read(data_, labels, label=label or self.label)
        return self.features_.check(examples) if hasattr(self, "features_") else examples

    def read_inputs(self, inputs: list[str]) -> Examples:
        """Read rows that were written as JSON objects."""
        rows = []
        for number, text in enumerate(inputs, 1):
            try:
                rows.append(dict(json.loads(text)))
            except (ValueError, TypeError):
                raise DataError(f'input {number}: not a JSON object; write a row as \'{{"field": "value"}}\'') from None
        return self.read(pd.DataFrame(rows).astype(object))

    def build_model(self) -> nn.Module:
        """Build DeepFM for these fields."""
        return DeepFM(self.config_.model, self.features_.sizes, self.features_.bins)

    def build_task(self, model: nn.Module, examples: Examples | None = None) -> Task:
        """Train by log loss."""
        return BinaryClassification(model)

    def statistics(self, outputs: Output, examples: Examples) -> dict[str, Statistic]:
        """Return the area under the ROC curve and log loss."""
        labels, probabilities = self.features_.classes.encode(examples), np.asarray(outputs)
        return {"roc_auc": RocAuc(labels, probabilities), "log_loss": log_loss(labels, probabilities)}

    def describe(self, outputs: Output, examples: Examples, evaluation: Evaluation) -> Evaluation:
        """Add the confusion at one half, the scores of both classes, the calibration and the worst mistakes."""
        p = np.asarray(outputs)
        return ClassObjective(self.features_.classes).describe(np.stack([1 - p, p], axis=1), examples, evaluation)

    def answers(self, outputs: Output) -> list[Prediction]:
        """Return the probability of a click for each row."""
        return [Prediction(float(p), float(p)) for p in np.asarray(outputs)]

    def predict_proba(self, X: Any) -> npt.NDArray[np.float32]:
        """Return probabilities (N, 2), in the order of `classes_`."""
        p = np.asarray(self._outputs(self._read_whole(X)))
        return np.stack([1 - p, p], axis=1)
