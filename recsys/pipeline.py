"""`ClickPredictor`: from table rows to the probability of a click."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import nn

from ..core.batch import Examples
from ..core.errors import ConfigError, DataError, did_you_mean
from ..core.holdout import Strata
from ..core.metrics import Statistic
from ..core.objectives import Prediction
from ..core.pipeline import Pipeline
from ..core.report import Evaluation
from ..core.training import Observer, Output, Task
from . import data
from .baselines import NAMES, ClickBaseline
from .config import PRESETS, SPACE, ClickConfig
from .domain import DOMAIN
from .explain import few, importance, slices
from .model import ClickModel, deep_name
from .objective import METRICS, OF_GROUPS, ClickObjective
from .ranking import Best
from .start import Start, adopt, begin_with, read_start

_FEW = 1_000_000


class ClickPredictor(Pipeline):
    """Predicts the probability of a click from a table, beside logistic regression and gradient-boosted trees.

    Every column but the label is a field. `predict` returns probabilities.
    """

    domain = DOMAIN.name
    input = DOMAIN.input
    label = DOMAIN.label
    columns = {"probability": "probability"}
    metrics = (*METRICS, *OF_GROUPS)
    lower_is_better = ("log_loss", "normalised_entropy", "ece")
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
        """Read a table from files, a DataFrame or records; rows with cells that are not what their column is are
        errors.

        Kinds of columns are those that were learned or, before that, those that would be.
        """
        if input is not None:
            raise ConfigError(f"input '{input}': recsys reads every column but the label; leave --input out")
        if not isinstance(data_, str | Path | pd.DataFrame) and not _are_paths(data_):
            data_ = pd.DataFrame(data_)
        examples = data.read(data_, labels, label=label or self.label)
        if hasattr(self, "features_"):
            checked: Examples = self.features_.check(examples)
            return checked
        return data.checked(examples, self.resolve().features)

    def read_inputs(self, inputs: list[str]) -> Examples:
        """Read rows that were written as JSON objects."""
        rows = []
        for number, text in enumerate(inputs, 1):
            try:
                rows.append(dict(json.loads(text)))
            except (ValueError, TypeError):
                raise DataError(f'input {number}: not a JSON object; write a row as \'{{"field": "value"}}\'') from None
        return self.read(pd.DataFrame(rows).astype(object))

    def parts_of(self, data_: Any) -> dict[str, Any]:
        """Return the files train, valid and test of a folder that holds such."""
        return data.divided(data_) or super().parts_of(data_)

    @property
    def tolerance(self) -> float:
        """The share of rows that may be left out because a cell cannot be read."""
        features = (self.config_ if hasattr(self, "config_") else self.resolve()).features
        return float(features.unreadable)

    def group(self, examples: Examples) -> npt.NDArray[np.int64] | None:
        """Return the group of each row, where whole groups are to be held out."""
        features = self.resolve().features
        if features.split != "group":
            return None
        return data.numbers_of_groups(examples, _named(examples, features.group))

    def split(self, examples: Examples, share: float, seed: int) -> tuple[Examples, Examples | None]:
        """Hold out the latest rows, where a split by time is asked for."""
        features = self.resolve().features
        if features.split != "time" or not share:
            return super().split(examples, share, seed)
        mask = data.latest(examples, _named(examples, features.time), share)
        return examples.take(~mask), examples.take(mask)

    def strata(self, examples: Examples) -> Strata:
        """Return the label of each row; of many rows a split has the labels in proportion by itself."""
        return super().strata(examples) if len(examples) <= _FEW else None

    def check_settings(self, held_out: Examples | None) -> None:
        """Refuse fields that the model is asked to look at and that are not there."""
        names = self.features_.names
        streams = self.config_.model.streams
        for name in (*streams.first_context, *streams.second_context):
            if name not in names:
                raise ConfigError(f"model.streams: there is no field '{name}'{did_you_mean(name, names)}")

    def read_start(self, init: str) -> Start:
        """Read a run to go on from."""
        return read_start(init)

    def adopt(self, config: ClickConfig, start: Start) -> ClickConfig:
        """Take over the model and the fields of the run."""
        return adopt(config, start)

    def learn_features(self, examples: Examples, config: data.ClickFeaturesConfig) -> data.ClickFeatures:
        """Learn the fields, or let those of the run that is gone on from grow."""
        return data.ClickFeatures.fit(examples, config, self.start.features if self.start else None)

    def prepare(self, model: nn.Module, examples: Examples, folder: Path | None, observer: Observer) -> nn.Module:
        """Begin with the weights of the run that is gone on from, if any."""
        if self.start is not None:
            begin_with(model, self.start)
        return model

    def build_model(self) -> nn.Module:
        """Build the parts of the model for these fields."""
        features = self.features_
        return ClickModel(self.config_.model, features.sizes, features.bins, features.names, features.shapes)

    @property
    def objective(self) -> ClickObjective:
        """What is done with clicks."""
        return ClickObjective(self.features_.classes, self.config_.features.group)

    @property
    def wide(self) -> bool:
        """Whether the better of the classical models has a say."""
        return bool(self.config_.wide)

    @property
    def wide_name(self) -> str:
        """The better of the classical models."""
        return str(self.baseline_.best)

    @property
    def deep_name(self) -> str:
        """What the model is called without the classical one."""
        return deep_name(self.config_.model.parts)

    def other_baselines(self, examples: Examples) -> dict[str, Output]:
        """Return what the other classical model says."""
        found: dict[str, Output] = self.baseline_.all_outputs(
            examples, tuple(name for name in NAMES if name != self.baseline_.best)
        )
        return found

    def build_task(self, model: nn.Module, examples: Examples | None = None) -> Task:
        """Train by log loss."""
        return self.objective.task(model, self.config_.train, examples)

    def statistics(self, outputs: Output, examples: Examples) -> dict[str, Statistic]:
        """Return the objective's metrics."""
        return self.objective.statistics(outputs, examples)

    def describe(self, outputs: Output, examples: Examples, evaluation: Evaluation) -> Evaluation:
        """Add the confusion at one half, the calibration, the worst mistakes, what fields matter and how their values
        fare."""
        found = self.objective.describe(outputs, examples, evaluation)
        labels = self.features_.classes.encode(examples)
        sample, few_labels = few(examples, labels)
        if len(np.unique(few_labels)) < 2:
            return found
        matters = importance(sample, few_labels, self.features_.columns, self._outputs, self.config_.train.seed)
        fields = [str(row[0]) for row in matters.rows if row[0] in self.features_.categorical]
        fares = slices(examples, labels, outputs, fields)
        return replace(found, tables=(*found.tables, matters, *([fares] if fares.rows else [])))

    def answers(self, outputs: Output) -> list[Prediction]:
        """Return the probability of a click for each row."""
        return self.objective.answers(outputs)

    def predict_proba(self, X: Any) -> npt.NDArray[np.float32]:
        """Return probabilities (N, 2), in the order of `classes_`."""
        p = np.asarray(self._outputs(self._read_whole(X)))
        return np.stack([1 - p, p], axis=1)

    def top(self, X: Any, k: int, *, by: str | None = None) -> list[dict[str, Any]]:
        """Return the `k` rows of the highest probability, the best first, of each value of the column `by`.

        Each is a dictionary of its row (from 1), the value of `by` where one is asked for, and its probability. Of a
        table on the disk a block is in memory at a time. Raises DataError at the first row that cannot be read.
        """
        if by in ("row", "probability"):
            raise ConfigError(f"by: the answers have a '{by}' of their own; rename the column")
        best = Best(k)
        for block in self._read_whole(X).blocks():
            if by is not None and by not in block.inputs.columns:
                raise DataError(f"{block.name}: no column '{by}'{did_you_mean(by, map(str, block.inputs.columns))}")
            best.add(np.asarray(self._outputs(block)), None if by is None else block.inputs[by])
        rows: list[dict[str, Any]] = []
        for row, group, probability in best.rows():
            rows.append({"row": row + 1} | ({by: group} if by else {}) | {"probability": probability})
        return rows


def _are_paths(data_: Any) -> bool:
    """Say whether data are a list of files."""
    return isinstance(data_, list | tuple) and bool(data_) and all(isinstance(one, str | Path) for one in data_)


def _named(examples: Examples, column: str) -> str:
    """Return the name of a column; ConfigError where there is none such."""
    names = list(map(str, examples.inputs.columns))
    if column not in names:
        raise ConfigError(f"features: {examples.name} has no column '{column}'{did_you_mean(column, names)}")
    return column
