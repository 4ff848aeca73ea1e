"""`ClickPredictor`: from table rows to the probability of a click."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import nn

from ..core.batch import Examples
from ..core.errors import BadRow, SettingsConflict, UnknownName, Unsupported, WrongColumns, did_you_mean
from ..core.holdout import Strata
from ..core.metrics import Statistic
from ..core.objectives import Prediction
from ..core.pipeline import Pipeline
from ..core.reading import NO_LABEL
from ..core.report import Evaluation
from ..core.training import Observer, Output, Task
from . import data
from .baselines import CLASSICAL, ClickBaseline
from .config import PRESETS, SPACE, ClickConfig
from .conversion import OF_CONVERSIONS, ConversionObjective, conversion_rates
from .domain import DOMAIN
from .explain import few, importance, slices
from .model import ClickModel, deep_name
from .objective import METRICS, OF_GROUPS, ClickObjective
from .ranking import Best
from .start import Start, adopt, begin_with, read_start

_FEW = 1_000_000


class ClickPredictor(Pipeline):
    """Predicts the probability of a click from a table, beside logistic regression and gradient-boosted trees.

    Every column but the label is a field. `predict` returns probabilities. With `features.conversion`, the name of a
    column that says which clicks led to what they are for, a second head learns that (`predict_conversion`).
    """

    domain = DOMAIN.name
    input = DOMAIN.input
    label = DOMAIN.label
    metrics = (*METRICS, *OF_GROUPS, *OF_CONVERSIONS)
    lower_is_better = ("log_loss", "normalised_entropy", "ece", "click_conversion_log_loss")
    presets = PRESETS
    space = SPACE
    classical = CLASSICAL
    features_type = data.ClickFeatures
    baseline_type = ClickBaseline
    rows_at_once = 512

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
            raise Unsupported(f"input '{input}': recsys reads every column but the label; leave --input out")
        if not isinstance(data_, str | Path | pd.DataFrame) and not _are_paths(data_):
            data_ = pd.DataFrame(data_)
        name = label or getattr(self, "columns_", {}).get("label") or self.label
        examples = data.read(data_, labels, label=name, labelled=label != NO_LABEL)
        if hasattr(self, "features_"):
            checked: Examples = self.features_.check(examples)
            return checked
        return data.checked(examples, self.resolve().features)

    def read_inputs(self, inputs: list[str]) -> Examples:
        """Read rows that were written as JSON objects."""
        rows = []
        for number, text in enumerate(inputs, 1):
            try:
                row = json.loads(text)
            except (ValueError, RecursionError):  # nested too deeply, or a number of thousands of digits
                row = None
            if not isinstance(row, dict):
                raise BadRow(f'input {number}: no JSON object of plain values; write a row as \'{{"field": "value"}}\'')
            rows.append(row)
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
        """Refuse fields that the model is asked to look at and that are not there, and held-out rows whose conversions
        are asked for and not there."""
        if held_out is not None and self.config_.features.conversion:
            data.conversions(held_out, self.config_.features.conversion)
        names = self.features_.names
        streams = self.config_.model.streams
        for name in (*streams.first_context, *streams.second_context):
            if name not in names:
                raise UnknownName(f"model.streams: there is no field '{name}'{did_you_mean(name, names)}")

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
        return ClickModel.of(self.config_.model, self.features_)

    @property
    def objective(self) -> ClickObjective:
        """What is done with clicks and, where a column tells them, conversions."""
        features = self.config_.features
        clicks = ClickObjective(self.features_.classes, features.group)
        return ConversionObjective(clicks, features.conversion) if features.conversion else clicks

    @property
    def columns(self) -> dict[str, str]:
        """The probability of a click and, where it is learned, that a click leads to a conversion."""
        config = self.config_ if hasattr(self, "config_") else self.resolve()
        return {name: name for name in ("probability", *(["conversion"] if config.features.conversion else []))}

    def targets(self, examples: Examples) -> npt.NDArray[Any]:
        """Return which rows are clicks (N,) or, where conversions are learned, clicks and clicks with one (N, 2)."""
        clicks, column = super().targets(examples), self.config_.features.conversion
        return np.stack([clicks, clicks * data.conversions(examples, column)], axis=1) if column else clicks

    @property
    def deep_name(self) -> str:
        """What the model is called without the classical one."""
        return deep_name(self.config_.model.parts)

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
        matters = importance(sample, few_labels, self.features_.columns, self._clicks, self.config_.train.seed)
        fields = [str(row[0]) for row in matters.rows if row[0] in self.features_.categorical]
        fares = slices(examples, labels, _first(outputs), fields)
        return replace(found, tables=(*found.tables, matters, *([fares] if fares.rows else [])))

    def answers(self, outputs: Output) -> list[Prediction]:
        """Return the probability of a click for each row."""
        return self.objective.answers(outputs)

    def predict(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the probability of a click of each row (N,), in row order; raise DataError for a row that cannot be
        read."""
        return self._clicks(self._read_whole(X)).astype(np.float64)

    def predict_proba(self, X: Any) -> npt.NDArray[np.float32]:
        """Return probabilities (N, 2), in the order of `classes_`."""
        p = self._clicks(self._read_whole(X))
        return np.stack([1 - p, p], axis=1)

    def predict_conversion(self, X: Any) -> npt.NDArray[np.float32]:
        """Return the probability (N,) that a click leads to a conversion.

        Raises ConfigError where the model was not trained with `features.conversion`.
        """
        self._check_fitted()
        if not self.config_.features.conversion:
            raise Unsupported("predict_conversion: this model knows clicks alone; train it with features.conversion")
        return conversion_rates(np.asarray(self._outputs(self._read_whole(X))))

    def _clicks(self, examples: Examples) -> npt.NDArray[np.float32]:
        """Return the probability of a click (N,)."""
        return _first(self._outputs(examples))

    def top(self, X: Any, k: int, *, by: str | None = None) -> list[dict[str, Any]]:
        """Return the `k` rows of the highest probability, the best first, of each value of the column `by`.

        Each is a dictionary of its row (from 1), the value of `by` where one is asked for, and its probability. Of a
        table on the disk a block is in memory at a time. Rows that cannot be read are left out, with a warning;
        DataError is raised where none can.
        """
        if by in ("row", "probability"):
            raise SettingsConflict(f"by: the answers have a '{by}' of their own; rename the column")
        best, examples = Best(k), self._read_inputs(X)
        if bad := len(examples.errors):
            first = min(examples.errors)
            if bad == len(examples):
                raise BadRow(examples.errors[first])
            left_out = f"{examples.name}: {bad:,} rows cannot be read and are left out, first {examples.errors[first]}"
            if self.verbose:
                self._say(left_out)
            else:
                warnings.warn(left_out, stacklevel=2)
        for block in examples.blocks():
            if by is not None and by not in block.inputs.columns:
                raise WrongColumns(f"{block.name}: no column '{by}'{did_you_mean(by, map(str, block.inputs.columns))}")
            good = np.setdiff1d(np.arange(len(block)), list(block.errors))
            if len(good):
                readable = block.take(good)
                best.add(self._clicks(readable), None if by is None else readable.inputs[by], best.seen + good)
            best.seen += len(block)
        rows: list[dict[str, Any]] = []
        for row, group, probability in best.rows():
            rows.append({"row": row + 1} | ({by: group} if by else {}) | {"probability": probability})
        return rows


def _first(outputs: Output) -> npt.NDArray[np.float32]:
    """Return what outputs say of clicks (N,)."""
    said: npt.NDArray[np.float32] = np.asarray(outputs)
    return said if said.ndim == 1 else np.ascontiguousarray(said[:, 0])


def _are_paths(data_: Any) -> bool:
    """Say whether data are a list of files."""
    return isinstance(data_, list | tuple) and bool(data_) and all(isinstance(one, str | Path) for one in data_)


def _named(examples: Examples, column: str) -> str:
    """Return the name of a column; ConfigError where there is none such."""
    names = list(map(str, examples.inputs.columns))
    if column not in names:
        raise UnknownName(f"features: {examples.name} has no column '{column}'{did_you_mean(column, names)}")
    return column
