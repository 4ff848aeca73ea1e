"""Click tables from files or DataFrames, and their way to arrays of ids."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from ..core.batch import Batch, Draw, Examples, Rows
from ..core.errors import ArtifactError, ConfigError, DataError, did_you_mean
from ..core.labels import Classes
from ..core.tables import read_table
from .schema import (
    Categorical,
    ClickFeaturesConfig,
    Column,
    Field,
    Floats,
    Ids,
    Numeric,
    categories,
    infer_kind,
    parse_numbers,
)

__all__ = ["ClickFeatures", "ClickFeaturesConfig", "ClickSource", "read"]

SCHEMA = "schema.json"

CLICKS = frozenset({"click", "clicked", "buy", "bought", "churn", "churned", "converted"})
"""Label values that mean the event even where they sort first."""


def read(
    data: str | Path | pd.DataFrame,
    labels: Sequence[Any] | npt.NDArray[Any] | None = None,
    *,
    label: str = "label",
) -> Examples:
    """Read a table from a CSV, TSV, JSONL or Parquet file (or .gz), or a DataFrame; its column `label` holds the
    labels.

    Without such a column, and without `labels`, the examples have none. `labels` take the column's place.

    >>> examples = read(pd.DataFrame({"age": [31, 54], "bought": ["no", "yes"]}), label="bought")
    >>> list(examples.inputs.columns), examples.labels.tolist()
    (['age'], ['no', 'yes'])
    """
    table = read_table(data)
    frame, found = table.frame, None
    if labels is None and table.label_column(label) is not None:
        labels = frame[label]
    if labels is not None:
        if len(labels) != len(frame):
            raise DataError(f"{table.name}: {len(frame)} rows but {len(labels)} labels; give one a row")
        codes, texts = categories(pd.Series(np.asarray(labels), name=label))
        for row in np.flatnonzero(codes < 0):
            raise DataError(f"{table.place(int(row))}: column '{label}' is empty; fill it or remove the row")
        found = texts[codes].astype(str)
    inputs = frame.drop(columns=label, errors="ignore")
    if inputs.shape[1] == 0:
        raise DataError(f"{table.name}: no columns beside '{label}'; a model needs at least one")
    return Examples(
        inputs=inputs.rename(columns=str),
        labels=found,
        name=table.name,
        place=table.place,
        notes=table.notes,
        encoding=table.encoding,
    )


class ClickSource:
    """The ids (N, fields) and positions (N, numeric fields) of all rows; a batch is one gather from each."""

    lengths: npt.NDArray[np.int64] | None = None

    def __init__(self, ids: Ids, position: npt.NDArray[np.float32], labels: npt.NDArray[np.float32]):
        self.ids, self.position, self.labels = ids, position, labels
        self.dropout = 0.0
        self.hidden = np.zeros(ids.shape[1], np.int32)

    def __len__(self) -> int:
        return len(self.ids)

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        """Return `ids` (B, fields), `position` (B, numeric fields) and `label` (B,), NaN where unknown."""
        ids, position = self.ids[rows], self.position[rows]
        if draw is not None and self.dropout:
            drop = draw.uniform(rows, ids.shape[1]) < self.dropout
            ids = np.where(drop, self.hidden, ids)
            position[drop[:, ids.shape[1] - position.shape[1] :]] = 0
        return Batch(
            {
                "ids": torch.from_numpy(ids),
                "position": torch.from_numpy(position),
                "label": torch.from_numpy(self.labels[rows]),
            }
        )


@dataclass(frozen=True)
class ClickFeatures:
    """What was learned from a training table: its fields, the categorical ones first, and the two labels."""

    config: ClickFeaturesConfig
    fields: tuple[Field, ...]
    classes: Classes

    @classmethod
    def fit(cls, examples: Examples, config: ClickFeaturesConfig) -> ClickFeatures:
        """Learn kinds, vocabularies and knots from labelled examples.

        Raises DataError where labels are missing or are not of two values, or a number cannot be read.
        """
        frame, classes = examples.inputs, _two_classes(examples, config)
        for name in (*config.categorical, *config.numeric):
            if name not in frame.columns:
                raise ConfigError(
                    f"features: {examples.name} has no column '{name}'{did_you_mean(name, frame.columns)}"
                )
        fields: list[Field] = []
        for name in frame.columns:
            if infer_kind(frame[name], config) == "categorical":
                fields.append(Categorical.fit(name, frame[name], config))
            else:
                fields.append(Numeric.fit(name, _numbers(examples, name), config))
        fields.sort(key=lambda field: isinstance(field, Numeric))
        return cls(config, tuple(fields), classes)

    @property
    def names(self) -> list[str]:
        """The names of the fields, in the order of the ids."""
        return [field.name for field in self.fields]

    @property
    def sizes(self) -> list[int]:
        """The number of ids of each field."""
        return [field.size for field in self.fields]

    @property
    def bins(self) -> list[int]:
        """The number of bins, between knots, of each numeric field; these are the last fields."""
        return [len(field.knots) - 1 for field in self.fields if isinstance(field, Numeric)]

    def source(self, examples: Examples, training: bool = False) -> ClickSource:
        """Return the examples as arrays; `training` needs labels and hides cells at random.

        Columns that the model does not know are left alone. Raises DataError where a column is missing or a number
        cannot be read; rows that are already among the examples' errors count as missing there.
        """
        if training and examples.labels is None:
            raise DataError(f"{examples.name}: there are no labels; training needs one for each row")
        self._check_columns(examples)
        ids = np.empty((len(examples), len(self.fields)), np.int32)
        position = np.zeros((len(examples), len(self.bins)), np.float32)
        first = len(self.fields) - len(self.bins)
        for index, field in enumerate(self.fields):
            if isinstance(field, Categorical):
                ids[:, index] = field.encode(examples.inputs[field.name])
            else:
                numbers = _numbers(examples, field.name)
                ids[:, index], position[:, index - first] = field.encode(numbers), field.position(numbers)
        source = ClickSource(ids, position, self._targets(examples))
        if training:
            source.dropout = self.config.field_dropout
            source.hidden[:first] = 1  # a hidden name is an unseen one, a hidden number a missing one
        return source

    def check(self, examples: Examples) -> Examples:
        """Return the examples with the rows whose numbers cannot be read among their errors, instead of raising."""
        self._check_columns(examples)
        errors = dict(examples.errors)
        for field in self.fields:
            if isinstance(field, Numeric):
                column = examples.inputs[field.name]
                for row in np.flatnonzero(parse_numbers(column)[1]).tolist():
                    errors.setdefault(row, _not_a_number(column, row))
        return replace(examples, errors=dict(sorted(errors.items())))

    def unused(self, examples: Examples) -> list[str]:
        """Return the columns that the model does not know."""
        return [name for name in examples.inputs.columns if name not in self.names]

    def save(self, folder: Path) -> None:
        """Write `schema.json`."""
        schema = {
            "classes": list(self.classes.names),
            "fields": [{"kind": type(field).__name__.lower()} | dataclasses.asdict(field) for field in self.fields],
        }
        (folder / SCHEMA).write_text(json.dumps(schema, ensure_ascii=False, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, config: ClickFeaturesConfig | None = None) -> ClickFeatures:
        """Read what `save` wrote; `config` matters to further training alone."""
        path = Path(folder) / SCHEMA
        try:
            schema = json.loads(path.read_text(encoding="utf-8"))
            fields = tuple(_field(entry) for entry in schema["fields"])
            return cls(config or ClickFeaturesConfig(), fields, Classes(tuple(schema["classes"])))
        except FileNotFoundError:
            raise ArtifactError(f"{path}: no such file; save the model again") from None
        except (ValueError, KeyError, TypeError) as error:
            raise ArtifactError(f"{path}: a damaged schema ({error}); save the model again") from None

    def _check_columns(self, examples: Examples) -> None:
        missing = [name for name in self.names if name not in examples.inputs.columns]
        if missing:
            hint = did_you_mean(missing[0], self.unused(examples))
            raise DataError(f"{examples.name}: no column '{missing[0]}', which the model was trained on{hint}")

    def _targets(self, examples: Examples) -> npt.NDArray[np.float32]:
        targets = self.classes.encode(examples).astype(np.float32)
        return np.where(targets < 0, np.float32(np.nan), targets)


def _field(entry: dict[str, Any]) -> Field:
    if entry["kind"] == "numeric":
        return Numeric(name=entry["name"], knots=tuple(entry["knots"]))
    return Categorical(name=entry["name"], values=tuple(entry["values"]), unseen=entry["unseen"])


def _two_classes(examples: Examples, config: ClickFeaturesConfig) -> Classes:
    """Return the two label values, the positive one last."""
    names = Classes.fit(examples).names
    if len(names) > 2:
        assert examples.labels is not None
        row = int(np.flatnonzero(~np.isin(examples.labels, np.array(names[:2])))[0])
        first, second = (f"'{name}'" for name in names[:2])
        raise DataError(
            f"{examples.place(row)}: '{examples.labels[row]}' is a third label beside {first} and {second}; "
            "clicks need two, such as 0 and 1"
        )
    if config.positive is not None and config.positive not in map(str, names):
        raise ConfigError(
            f"features.positive: no label is '{config.positive}'{did_you_mean(config.positive, map(str, names))}"
        )
    positive = config.positive or next((name for name in map(str, names) if name.lower() in CLICKS), str(names[-1]))
    return Classes(tuple(sorted(names, key=lambda name: str(name) == positive)))


def _numbers(examples: Examples, name: str) -> Floats:
    """Return a column's numbers; raise DataError at the first cell that is none, rows known as errors excepted."""
    column: Column = examples.inputs[name]
    numbers, wrong = parse_numbers(column)
    for row in np.flatnonzero(wrong).tolist():
        if row not in examples.errors:
            raise DataError(f"{examples.place(row)}: {_not_a_number(column, row)}")
    return numbers


def _not_a_number(column: Column, row: int) -> str:
    return f"column '{column.name}': '{column.iloc[row]}' is not a number; mend it or leave it empty"
