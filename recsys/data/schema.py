"""The fields of a click table: what kind each column is, and the numbers that its cells become.

A cell becomes an id within its field. Id 0 is a missing cell in every field. A categorical field goes on with its ids
for unseen values, then its vocabulary; a numeric field goes on with its knots.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from .cells import Coded, Column, Floats, coded, parse_numbers
from .config import ClickFeaturesConfig
from .vocabulary import Counts, places

Ids: TypeAlias = npt.NDArray[np.int32]

_FEW, _KEPT = 1024, 1 << 17
_ID_NAME = re.compile(r"(?i:^|[_\-. ])(?i:id|uuid|hash|zip|postcode)$|[a-z]I[dD]$")


Kind: TypeAlias = Literal["categorical", "numeric"]


class ListShape(NamedTuple):
    """What a model must know of a list: the field that it shares its rows with or, below 0, minus the number of its own
    ids; how many values count; and whether they are a sequence."""

    shared: int
    most: int
    ordered: bool


class LogShape(NamedTuple):
    """What a model must know of a numeric field to take its logarithm: its knots, and the mean and the deviation of
    `signed_log` over the training rows."""

    knots: tuple[float, ...]
    mean: float
    deviation: float


class Learning(NamedTuple):
    """A field that is learned block by block: `add` takes a column of a block, with the rows that numbers are drawn
    from, and `done` returns the field."""

    add: Callable[[Column | Coded, npt.NDArray[np.bool_]], None]
    done: Callable[[], Field]


@dataclass(frozen=True, kw_only=True)
class Categorical:
    """A column of names: 0 missing, 1 … `unseen` values outside the vocabulary (by their hash), then `values` in order.

    >>> field = Categorical(name="job", values=pa.array(["baker", "nurse"], pa.large_string()))
    >>> field.encode(pd.Series(["nurse", None, "poet"])).tolist(), field.decode(np.array([3, 0, 1]))
    ([3, 0, 1], ['nurse', None, '(unseen)'])
    """

    name: str
    values: pa.LargeStringArray
    unseen: int = 1

    @property
    def size(self) -> int:
        """Return the number of ids."""
        return 1 + self.unseen + len(self.values)

    @classmethod
    def learn(cls, name: str, config: ClickFeaturesConfig) -> Learning:
        """Return what learns the vocabulary: the values that occur often enough, the frequent first."""
        counts = Counts()

        def add(column: Column | Coded, share: npt.NDArray[np.bool_]) -> None:
            codes, names = coded(column)
            counts.add(names, np.bincount(codes[codes >= 0], minlength=len(names)))

        def done() -> Categorical:
            if config.hashed:
                return cls(name=name, values=pa.array([], pa.large_string()), unseen=config.hashed)
            return cls(name=name, values=counts.commonest(config.min_count, config.max_values), unseen=config.unseen)

        return Learning(add, done)

    def with_values(self, other: Categorical, most: int = 0) -> Categorical:
        """Return this field with the other's values behind its own, those that are new, `most` in all (0: no bound)."""
        new = other.values.filter(places(other.values, self.values) < 0)
        new = new[: max(0, most - len(self.values))] if most else new
        return replace(self, values=pa.concat_arrays([self.values, new]))

    def encode(self, column: Column | Coded) -> Ids:
        """Return the id (N,) of every cell."""
        codes, names = coded(column)
        ids = self._places(names)
        known = ids >= 0
        ids[known] += 1 + self.unseen
        ids[~known] = 1 if self.unseen == 1 else 1 + _hashes(names.filter(~known)) % np.uint64(self.unseen)
        found: Ids = np.append(ids, 0).astype(np.int32)[codes]  # code −1, a missing cell, takes the last: 0
        return found

    def _places(self, names: pa.LargeStringArray) -> npt.NDArray[np.int64]:
        """Return where names stand among the values; a few, as of the candidates of one user, by a dictionary that is
        kept, since Arrow would go through all values at each call."""
        if len(names) > _FEW or len(self.values) > _KEPT:
            return places(names, self.values)
        return np.array([self._numbers.get(name, -1) for name in names.to_pylist()], np.int64)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.values.to_pylist())}

    def decode(self, ids: Ids) -> list[str | None]:
        """Return the values of `ids`: None where missing, "(unseen)" outside the vocabulary."""
        known = np.asarray(ids) - 1 - self.unseen
        texts = [None if place < 0 else self.values[place].as_py() for place in known.tolist()]
        return [
            text if place >= 0 or id_ == 0 else "(unseen)" for text, place, id_ in zip(texts, known, ids, strict=True)
        ]


@dataclass(frozen=True, kw_only=True)
class Numeric:
    """A column of numbers: 0 missing, then one id a knot; a number belongs to the last knot at or below it.

    `log_mean` and `log_deviation` are those of `signed_log` over the training rows.
    """

    name: str
    knots: tuple[float, ...]
    log_mean: float = 0.0
    log_deviation: float = 1.0

    @property
    def size(self) -> int:
        """Return the number of ids."""
        return 1 + len(self.knots)

    @classmethod
    def learn(cls, name: str, config: ClickFeaturesConfig) -> Learning:
        """Return what puts the knots where the numbers are: see `place_knots`; of many rows a share is looked at."""
        parts: list[Floats] = []

        def add(column: Column | Coded, share: npt.NDArray[np.bool_]) -> None:
            assert not isinstance(column, Coded)
            parts.append(parse_numbers(column)[0][share])

        def done() -> Numeric:
            numbers = np.concatenate(parts) if parts else np.zeros(0)
            mean, deviation = _scale_of_logs(numbers)
            knots = tuple(place_knots(numbers, config.bins).tolist())
            return cls(name=name, knots=knots, log_mean=mean, log_deviation=deviation)

        return Learning(add, done)

    def encode(self, numbers: Floats) -> tuple[Ids, npt.NDArray[np.float32]]:
        """Return the id (N,) of every number, and where it lies between the knots, in [0, len(knots) − 1]; both 0 where
        missing.

        >>> ids, positions = Numeric(name="age", knots=(0.0, 10.0, 30.0)).encode(np.array([-5.0, 10.0, 25.0, np.nan]))
        >>> ids.tolist(), positions.tolist()
        ([1, 2, 2, 0], [0.0, 1.0, 1.75, 0.0])
        """
        knots, missing = np.array(self.knots), np.isnan(numbers)
        below = np.maximum(np.searchsorted(knots, numbers, side="right") - 1, 0)
        below[missing] = 0
        steps = np.append(np.diff(knots), 1.0)  # beyond the last knot there is nothing
        inside = np.clip(numbers - knots[below], 0, np.append(np.diff(knots), 0.0)[below]) / steps[below]
        last = np.nextafter(np.arange(1, len(knots) + 1, dtype=np.float32), np.float32(0))
        spots = np.minimum((below + inside).astype(np.float32), last[below])  # no rounding up to the next knot
        spots[missing] = 0
        return np.where(missing, 0, 1 + below).astype(np.int32), spots


Field: TypeAlias = Categorical | Numeric


def infer_kind(column: Column, config: ClickFeaturesConfig) -> Kind:
    """Return the kind of a column: as configured, else numeric where its cells are numbers and its name is no id's.

    Codes with leading zeros (`007`) are names. One cell in twenty may fail to be a number, which `parse_numbers` then
    tells: a slip of the pen does not turn a column into names.
    """
    name, dtype = str(column.name), column.dtype
    if name in config.categorical:
        return "categorical"
    if name in config.numeric:
        return "numeric"
    if isinstance(dtype, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(dtype) or _ID_NAME.search(name):
        return "categorical"
    if pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_datetime64_any_dtype(dtype):
        return "numeric"
    return "numeric" if _are_numbers(column) else "categorical"


def _are_numbers(column: Column) -> bool:
    """Say whether texts are numbers, but for one in twenty, and none is a code."""
    import pyarrow.compute as pc

    head = column.iloc[: len(column) // 12 + 1]
    if 19 * parse_numbers(head)[1].sum() > len(column):  # too many are not, whatever follows
        return False
    numbers, wrong = parse_numbers(column)
    known = int((~np.isnan(numbers)).sum())
    if known < 19 * wrong.sum() or not known:
        return False
    texts = pc.utf8_trim_whitespace(coded(column)[1])
    return not pc.any(pc.match_substring_regex(texts, r"^[+-]?0\d")).as_py()


def place_knots(numbers: Floats, bins: int) -> Floats:
    """Return up to `bins` + 1 increasing knots for the given numbers; [0] where there are none.

    Every distinct number is a knot where there are few. Else each frequent number is one, and the others get the
    quantiles of what is left, so that a spike at 0 does not swallow the tail.

    >>> place_knots(np.array([0.0] * 96 + [1.0, 2.0, 3.0, 4.0]), bins=3).tolist()
    [0.0, 1.0, 2.0, 4.0]
    """
    numbers = np.sort(numbers[np.isfinite(numbers)])
    distinct, counts = np.unique(numbers, return_counts=True)
    if len(distinct) == 0:
        return np.zeros(1)
    if len(distinct) <= bins + 1:
        return distinct
    spikes = distinct[counts * bins > len(numbers)]
    rest = numbers[~np.isin(numbers, spikes)]
    steps = np.linspace(0, len(rest) - 1, max(2, bins + 1 - len(spikes))).astype(np.int64)
    return np.unique(np.concatenate([spikes, rest[steps]]))


def signed_log(numbers: Floats) -> Floats:
    """Return sign(x) · ln(1 + |x|).

    >>> signed_log(np.array([-1.0, 0.0, 1.0])).round(3).tolist()
    [-0.693, 0.0, 0.693]
    """
    return np.sign(numbers) * np.log1p(np.abs(numbers))


def _scale_of_logs(numbers: Floats) -> tuple[float, float]:
    """Return the mean and the deviation of the logarithms, 1 where they are all the same, or there are none."""
    logs = signed_log(numbers[np.isfinite(numbers)])
    if len(logs) == 0:
        return 0.0, 1.0
    return float(logs.mean()), float(logs.std()) if logs.min() < logs.max() else 1.0


def _hashes(names: pa.LargeStringArray) -> npt.NDArray[np.uint64]:
    """Return the hash of each name, the same on every machine."""
    texts = np.array(names.to_pylist(), dtype=object)
    return np.asarray(pd.util.hash_array(texts, categorize=False), np.uint64)
