"""Which kind each column is, and the rows whose cells are not of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from ...core.batch import Examples
from ...core.errors import BadRow
from ...core.tables import blocks_of
from .cells import Column, Floats, named, parse_numbers
from .columns import NO_FIELDS
from .config import ClickFeaturesConfig
from .lists import shared_field
from .schema import Kind, infer_kind
from .side_by_side import side_by_side

_COVERED, _RARE = 0.9, 0.05


def checked(examples: Examples, config: ClickFeaturesConfig) -> Examples:
    """Return the examples with the rows among their errors whose label is a third one, or whose cells are not the
    numbers that the rest of their column is."""
    _, first = next(numbered(examples))
    numeric = [name for name, kind in infer_kinds(fields_of(first, config), config).items() if kind == "numeric"]
    return with_errors(replace(examples, errors=examples.errors | _third_labels(examples)), numeric)


def _third_labels(examples: Examples) -> dict[int, str]:
    """Return the rows whose label is neither of the two commonest, where these are few."""
    if examples.labels is None:
        return {}
    names, counts = np.unique(examples.labels, return_counts=True)
    if len(names) < 3:
        return {}
    first, second, *_ = np.argsort(-counts, kind="stable")
    wrong = np.flatnonzero(~np.isin(examples.labels, names[[first, second]]))
    if len(wrong) > _RARE * len(examples):
        return {}
    why = f"a third label beside '{names[first]}' and '{names[second]}'; clicks need two, such as 0 and 1"
    return {int(row): f"'{examples.labels[row]}' is {why}" for row in wrong}


def with_errors(examples: Examples, numeric: list[str]) -> Examples:
    """Return the examples with the rows whose numbers cannot be read among their errors."""
    errors = dict(examples.errors)
    for start, block in numbered(examples, numeric) if numeric else ():
        for name in numeric:
            for row in np.flatnonzero(parse_numbers(block[name])[1]).tolist():
                errors.setdefault(start + row, _not_a_number(block[name], row))
    return replace(examples, errors=dict(sorted(errors.items())))


def fields_of(block: pd.DataFrame, config: ClickFeaturesConfig) -> pd.DataFrame:
    """Return the columns with one value a cell that are fields of a model."""
    lists = {shared_field(entry)[0] for entry in (*config.several, *config.sequences)}
    others = {*NO_FIELDS, *lists, *filter(None, (config.time, config.conversion))}
    return block.drop(columns=[*others & set(block.columns)])


def infer_kinds(block: pd.DataFrame, config: ClickFeaturesConfig) -> dict[str, Kind]:
    """Return the kind of each column, from the first rows; columns of codes that share one numbering are names."""
    names = list(map(str, block.columns))
    kinds = dict(zip(names, side_by_side(lambda name: infer_kind(block[name], config), block.columns), strict=True))
    numeric = [name for name, kind in kinds.items() if kind == "numeric" and name not in config.numeric]
    if len(numeric) > 2 and are_codes(parse_numbers(block[name])[0] for name in numeric):
        kinds |= dict.fromkeys(numeric, "categorical")
    return kinds


def are_codes(columns: Iterable[Floats]) -> bool:
    """Say whether columns hold whole numbers of disjoint ranges that together leave few gaps: one numbering of the
    values of all fields, as in the sets of `reczoo`.

    >>> are_codes([np.array([1.0, 2.0]), np.array([3.0, 5.0]), np.array([6.0, 6.0])])
    True
    >>> are_codes([np.array([18.0, 90.0]), np.array([1990.0, 2020.0]), np.array([0.0, 1.0])])
    False
    """
    ends = []
    for column in columns:  # the first that is none says it of all
        if len(column) == 0 or not (column % 1 == 0).all() or column.min() < 0:
            return False
        ends.append((column.min(), column.max()))
    ends.sort()
    apart = all(before[1] < after[0] for before, after in pairwise(ends))
    covered = sum(high - low + 1 for low, high in ends)
    return bool(apart and covered >= _COVERED * (ends[-1][1] - ends[0][0] + 1))


def numbered(examples: Examples, columns: list[str] | None = None) -> Iterator[tuple[int, pd.DataFrame]]:
    """Yield the rows block by block, with the number of the first."""
    start = 0
    for block in blocks_of(examples.inputs, columns):
        yield start, named(block)
        start += len(block)


def numbers_of(examples: Examples, column: Column, start: int) -> Floats:
    """Return the numbers of a block's column; raise DataError at the first cell that is none, rows known as errors
    excepted."""
    numbers, wrong = parse_numbers(column)
    for row in np.flatnonzero(wrong).tolist():
        if start + row not in examples.errors:
            raise BadRow(f"{examples.place(start + row)}: {_not_a_number(column, row)}")
    return numbers


def _not_a_number(column: Column, row: int) -> str:
    cell = str(column.iloc[row])
    what = "infinite" if cell.strip().lstrip("+-").lower() in ("inf", "infinity") else "not a number"
    return f"column '{column.name}': '{cell}' is {what}; mend it or leave it empty"
