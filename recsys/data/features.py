"""What is learned from a training table, and how its rows become arrays of ids."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...core.batch import Draw, Examples
from ...core.cache import room_for, user_cache
from ...core.errors import (
    Damaged,
    NoLabels,
    NoSuchModel,
    UnknownName,
    WrongColumns,
    WrongLabel,
    did_you_mean,
)
from ...core.files import take_room
from ...core.labels import Classes
from .cells import Coded, Column, coded
from .columns import conversions
from .config import ClickFeaturesConfig
from .formats import VALUE
from .kinds import fields_of, infer_kinds, numbered, numbers_of, with_errors
from .lists import Several, shared_field
from .lists import learn as learn_list
from .schema import Categorical, Field, Ids, Kind, Learning, ListShape, LogShape, Numeric
from .seen import Seen
from .side_by_side import side_by_side, write_columns
from .source import ClickSource
from .vocabulary import from_arrays, to_arrays

SCHEMA, VOCABULARIES = "schema.json", "vocabularies.safetensors"
_LOOKED_AT = 1_000_000
"""Numbers from which knots are placed; of more rows a share is drawn."""
_MAPPED_ABOVE = 1 << 28
"""The bytes from which on encoded rows lie in a mapped file."""
CLICKS = frozenset({"click", "clicked", "buy", "bought", "churn", "churned", "converted"})
"""Label values that mean the event even where they sort first."""


@dataclass(frozen=True)
class ClickFeatures:
    """What was learned from a training table: its fields, the categorical ones first, its lists, and the two labels."""

    config: ClickFeaturesConfig
    fields: tuple[Field, ...]
    classes: Classes
    lists: tuple[Several, ...] = ()
    seen: Seen = dataclasses.field(default_factory=Seen, compare=False, repr=False)

    @classmethod
    def fit(cls, examples: Examples, config: ClickFeaturesConfig, begin: ClickFeatures | None = None) -> ClickFeatures:
        """Learn kinds, vocabularies and knots from labelled examples, in one pass.

        With `begin`, what was learned before stays as it is, and its vocabularies grow by the values that are new.
        Raises DataError where labels are missing or are not of two values, or a number or a conversion cannot be read.
        """
        if begin is not None:
            return begin.grown(examples)
        classes = _two_classes(examples, config)
        if config.conversion and config.conversion in examples.inputs.columns:
            _check_conversions(examples, classes, config.conversion)
        names, lists = list(map(str, examples.inputs.columns)), _lists_of(config)
        named = (*config.categorical, *config.numeric, config.group, config.time, config.conversion, *lists)
        for name in filter(None, named):
            if name not in names:
                raise UnknownName(f"features: {examples.name} has no column '{name}'{did_you_mean(name, names)}")
        learning: dict[str, Learning] = {}
        kinds: dict[str, Kind] = {}
        seen = Seen.of(examples.inputs)

        def add(name: str, block: pd.DataFrame, start: int, drawn: npt.NDArray[np.bool_]) -> None:
            column: Column | Coded = block[name]
            if kinds.get(name) == "numeric":
                column = pd.Series(numbers_of(examples, block[name], start), name=name)
            elif name in kinds:
                column = coded(block[name])
            learning[name].add(column, drawn)
            if name in kinds:
                seen.keep(start, name, column)

        share = min(1.0, _LOOKED_AT / max(1, len(examples)))
        for start, block in numbered(examples):
            if not learning:
                kinds = infer_kinds(fields_of(block, config), config)
                learn = {"categorical": Categorical.learn, "numeric": Numeric.learn}
                learning = {name: learn[kind](name, config) for name, kind in kinds.items()}
                learning |= {name: learn_list(name, config) for name, (field, _) in lists.items() if not field}
            drawn = Draw(0, 0).uniform(np.arange(start, start + len(block)), 1)[:, 0] < share
            side_by_side(partial(add, block=block, start=start, drawn=drawn), learning)
        done = dict(zip(learning, side_by_side(lambda name: learning[name].done(), learning), strict=True))
        fields = sorted(_busy(done, list(kinds)), key=lambda field: isinstance(field, Numeric))
        if not fields:
            raise WrongColumns(f"{examples.name}: no columns of one value a cell; a model needs at least one")
        return cls(config, tuple(fields), classes, _several(lists, done, config.most), seen)

    def grown(self, examples: Examples) -> ClickFeatures:
        """Return the same fields with the values that occur often enough in the examples added to the vocabularies."""
        self._check_columns(examples)
        self.classes.encode(examples)
        if self.config.conversion:
            _check_conversions(examples, self.classes, self.config.conversion)
        learning = {name: Categorical.learn(name, self.config) for name in self.categorical}
        learning |= {one.name: learn_list(one.name, self.config) for one in self.lists if not one.shared}
        for _, block in numbered(examples, list(learning)) if learning else ():
            for name, field in learning.items():
                field.add(block[name], np.ones(len(block), np.bool_))
        new = {name: done for name, field in learning.items() if isinstance(done := field.done(), Categorical)}
        known = {
            field.name: field.with_values(new[field.name], self.config.max_values) for field in self._vocabularies()
        }
        fields = tuple(known.get(field.name, field) for field in self.fields)
        lists = tuple(replace(one, field=known[one.field.name]) for one in self.lists)
        return replace(self, fields=fields, lists=lists)

    def _vocabularies(self) -> list[Categorical]:
        """Return the fields of names, and those that lists have for themselves."""
        own = [one.field for one in self.lists if not one.shared]
        return [*(field for field in self.fields if isinstance(field, Categorical)), *own]

    @property
    def names(self) -> list[str]:
        """The names of the fields, in the order of the ids."""
        return [field.name for field in self.fields]

    @property
    def categorical(self) -> list[str]:
        """The names of the fields whose cells are names; they are the first."""
        return [field.name for field in self.fields if isinstance(field, Categorical)]

    @property
    def sizes(self) -> list[int]:
        """The number of ids of each field."""
        return [field.size for field in self.fields]

    @property
    def bins(self) -> list[int]:
        """The number of bins, between knots, of each numeric field; these are the last fields."""
        return [len(field.knots) - 1 for field in self.fields if isinstance(field, Numeric)]

    @property
    def logs(self) -> list[LogShape]:
        """What a model must know of each numeric field to take logarithms."""
        numeric = [field for field in self.fields if isinstance(field, Numeric)]
        return [LogShape(field.knots, field.log_mean, field.log_deviation) for field in numeric]

    @property
    def shapes(self) -> list[ListShape]:
        """What a model must know of each list."""
        return [
            ListShape(self.names.index(one.field.name) if one.shared else -one.field.size, one.most, one.ordered)
            for one in self.lists
        ]

    @property
    def columns(self) -> list[str]:
        """The columns that a model needs."""
        return [*self.names, *(one.name for one in self.lists)]

    @property
    def outputs(self) -> int:
        """How many probabilities a model gives: that of a click and, where the settings name a column for it, that of a
        click with a conversion."""
        return 2 if self.config.conversion else 1

    def source(self, examples: Examples, training: bool = False) -> ClickSource:
        """Return the examples as arrays; `training` needs labels and hides cells at random.

        Columns that the model does not know are left alone. Raises DataError where a column is missing or a number
        cannot be read; rows that are already among the examples' errors count as missing there.
        """
        if training and examples.labels is None:
            raise NoLabels(f"{examples.name}: there are no labels; training needs one for each row")
        self._check_columns(examples)
        table, keep = self._room(len(examples))
        seen = self.seen.taken(examples.inputs)
        ends = np.cumsum([len(self.fields) + len(self.bins), *(one.most for one in self.lists)])
        for start, block in numbered(examples, self.columns):
            rows = table[start : start + len(block)]
            write_columns(rows, self._encoded(examples, block, start, seen.get((start, len(block)), {})))
            for one, begin, end in zip(self.lists, ends, ends[1:], strict=False):
                rows[:, begin:end] = one.encode(block[one.name])
            rows[:, -self.outputs] = self._targets(examples, start, len(rows)).view(np.int32)
        if self.outputs == 2:
            table[:, -1] = self._conversions(examples, table[:, -2].view(np.float32)).view(np.int32)
        source = ClickSource(table, len(self.fields), len(self.bins), self.outputs, keep)
        if training:
            source.dropout = self.config.field_dropout
            source.hidden[: len(self.categorical)] = 1  # a hidden name is an unseen one, a hidden number a missing one
        return source

    def _encoded(
        self, examples: Examples, block: pd.DataFrame, start: int, seen: Mapping[str, Column | Coded]
    ) -> list[npt.NDArray[Any]]:
        """Return the ids of all fields, then the positions of the numeric ones, each as a column."""

        def encode(field: Field) -> tuple[npt.NDArray[Any], ...]:
            column = seen[field.name] if field.name in seen else block[field.name]
            if isinstance(field, Categorical):
                return (field.encode(column),)
            assert not isinstance(column, Coded)
            return field.encode(numbers_of(examples, column, start))

        found = side_by_side(encode, self.fields)
        return [*(ids for ids, *_ in found), *(position for _, *rest in found for position in rest)]

    def _room(self, rows: int) -> tuple[Ids, object]:
        """Return an empty table for encoded rows, and what owns its file where it lies in one."""
        shape = (rows, len(self.fields) + len(self.bins) + sum(one.most for one in self.lists) + self.outputs)
        if 4 * shape[0] * shape[1] <= _MAPPED_ABOVE:
            return np.empty(shape, np.int32), None
        owner = user_cache().scratch()
        with room_for(f"{rows:,} encoded rows", owner.folder.parent):
            found = np.memmap(owner.folder / "rows", np.int32, "w+", shape=shape)
            take_room(owner.folder / "rows", found.nbytes)
        return found, owner

    def check(self, examples: Examples) -> Examples:
        """Return the examples with the rows whose numbers cannot be read among their errors, instead of raising."""
        self._check_columns(examples)
        numeric = [field.name for field in self.fields if isinstance(field, Numeric)]
        return with_errors(examples, numeric)

    def unused(self, examples: Examples) -> list[str]:
        """Return the columns that the model does not know."""
        return [name for name in examples.inputs.columns if name not in self.columns]

    def save(self, folder: Path) -> None:
        """Write `schema.json`, and the vocabularies as safetensors."""
        from safetensors.numpy import save_file

        schema = {
            "classes": list(self.classes.names),
            "fields": [_entry(field) for field in self.fields],
            "lists": [_list_entry(one) for one in self.lists],
        }
        (folder / SCHEMA).write_text(json.dumps(schema, ensure_ascii=False, indent=1), encoding="utf-8")
        arrays = {
            f"{field.name}.{part}": array
            for field in self._vocabularies()
            for part, array in to_arrays(field.values).items()
        }
        save_file(arrays, folder / VOCABULARIES)

    @classmethod
    def load(cls, folder: Path, config: ClickFeaturesConfig | None = None) -> ClickFeatures:
        """Read what `save` wrote; `config` matters to further training alone."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        path, names = Path(folder) / SCHEMA, Path(folder) / VOCABULARIES
        try:
            schema, arrays = json.loads(path.read_text(encoding="utf-8")), load_file(names)
            fields = tuple(_field(entry, arrays) for entry in schema["fields"])
            lists = tuple(_list(entry, fields, arrays) for entry in schema["lists"])
            return cls(config or ClickFeaturesConfig(), fields, Classes(tuple(schema["classes"])), lists)
        except FileNotFoundError as error:
            raise NoSuchModel(f"{error.filename or names}: no such file; save the model again") from None
        except (ValueError, KeyError, TypeError, SafetensorError) as error:
            raise Damaged(f"{path}: a damaged schema ({error}); save the model again") from None

    def _check_columns(self, examples: Examples) -> None:
        missing = [name for name in self.columns if name not in examples.inputs.columns]
        if missing:
            hint = did_you_mean(missing[0], self.unused(examples))
            raise WrongColumns(f"{examples.name}: no column '{missing[0]}', which the model was trained on{hint}")

    def _conversions(self, examples: Examples, clicks: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return which clicks led to a conversion: 0 or 1, NaN where that is not known."""
        column = self.config.conversion
        if examples.labels is None or column not in examples.inputs.columns:
            return np.full(len(clicks), np.nan, np.float32)
        return clicks * conversions(examples, column)

    def _targets(self, examples: Examples, start: int, count: int) -> npt.NDArray[np.float32]:
        """Return the labels of some rows: 0 or 1, NaN where there are none."""
        if examples.labels is None:
            return np.full(count, np.nan, np.float32)
        labels = examples.labels[start : start + count]
        some = replace(examples, inputs=labels, labels=labels, place=lambda row: examples.place(start + row), errors={})
        return self.classes.encode(some).astype(np.float32)


def _busy(done: dict[str, Field], names: list[str]) -> list[Field]:
    """Return the fields without what is idle in logs of pairs: numbers that are all 1, the one category of others."""
    idle = set()
    for name in names:
        number = done.get(name + VALUE)
        if isinstance(number, Numeric):
            idle.add(name + VALUE if number.knots == (1.0,) else name)
    return [done[name] for name in names if name not in idle]


def _entry(field: Field) -> dict[str, Any]:
    if isinstance(field, Numeric):
        return {"kind": "numeric"} | dataclasses.asdict(field)
    return {"kind": "categorical", "name": field.name, "unseen": field.unseen}


def _field(entry: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> Field:
    if entry["kind"] == "numeric":
        scale = {name: _finite(entry[name]) for name in ("log_mean", "log_deviation") if name in entry}  # not in older
        return Numeric(name=str(entry["name"]), knots=tuple(map(_finite, entry["knots"])), **scale)
    values = from_arrays({part: arrays[f"{entry['name']}.{part}"] for part in ("bytes", "ends")})
    unseen = entry["unseen"]
    if not isinstance(unseen, int) or unseen < 0:
        raise ValueError(f"unseen: {unseen!r} is no number of ids")
    return Categorical(name=str(entry["name"]), values=values, unseen=unseen)


def _finite(value: Any) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no finite number")
    return float(value)


def _list_entry(one: Several) -> dict[str, Any]:
    return {
        "name": one.name, "field": _entry(one.field), "shared": one.shared, "most": one.most, "ordered": one.ordered,
    }  # fmt: skip


def _list(entry: dict[str, Any], fields: tuple[Field, ...], arrays: dict[str, npt.NDArray[Any]]) -> Several:
    known = {field.name: field for field in fields}
    field = known[entry["field"]["name"]] if entry["shared"] else _field(entry["field"], arrays)
    if not isinstance(field, Categorical):
        raise ValueError(f"list '{entry['name']}' has no vocabulary")
    return Several(
        name=entry["name"], field=field, most=int(entry["most"]), ordered=entry["ordered"], shared=entry["shared"]
    )


def _lists_of(config: ClickFeaturesConfig) -> dict[str, tuple[str, bool]]:
    """Return, for each column of lists, the field whose values it has ("" for its own), and whether it is ordered."""
    entries = [(*shared_field(entry), False) for entry in config.several]
    entries += [(*shared_field(entry), True) for entry in config.sequences]
    return {column: (field, ordered) for column, field, ordered in entries}


def _several(lists: dict[str, tuple[str, bool]], done: dict[str, Field], most: int) -> tuple[Several, ...]:
    found = []
    for name, (shared, ordered) in lists.items():
        field = done.get(shared or name)
        if not isinstance(field, Categorical):
            raise UnknownName(
                f"features: '{name}:{shared}' needs a field '{shared}' of names; name one, or leave it out"
            )
        found.append(Several(name=name, field=field, most=most, ordered=ordered, shared=bool(shared)))
    return tuple(found)


def _check_conversions(examples: Examples, classes: Classes, column: str) -> None:
    """Raise DataError where all clicks are alike: there is nothing to learn of conversions."""
    of_clicks = conversions(examples, column)[classes.encode(examples) == 1]
    if len(np.unique(of_clicks)) < 2:
        what = "every click is" if of_clicks.any() else "no click is"
        raise WrongColumns(f"{examples.name}: {what} a conversion by column '{column}'; leave features.conversion out")


def _two_classes(examples: Examples, config: ClickFeaturesConfig) -> Classes:
    """Return the two label values, the positive one last."""
    names = Classes.fit(examples).names
    if len(names) > 2:
        assert examples.labels is not None
        row = int(np.flatnonzero(~np.isin(examples.labels, np.array(names[:2])))[0])
        first, second = (f"'{name}'" for name in names[:2])
        raise WrongLabel(
            f"{examples.place(row)}: '{examples.labels[row]}' is a third label beside {first} and {second}; "
            "clicks need two, such as 0 and 1"
        )
    if config.positive is not None and config.positive not in map(str, names):
        raise UnknownName(
            f"features.positive: no label is '{config.positive}'{did_you_mean(config.positive, map(str, names))}"
        )
    positive = config.positive or next((name for name in map(str, names) if name.lower() in CLICKS), str(names[-1]))
    return Classes(tuple(sorted(names, key=lambda name: str(name) == positive)))
