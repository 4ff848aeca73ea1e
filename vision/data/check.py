"""What is in labelled images, and what would spoil training or its measurement."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.batch import Examples
from ...core.errors import DataError, Overlap
from ...core.summary import one_class, rare_classes, unknown_classes
from .likeness import look_alikes, same_pixels
from .reading import to_uint8, white_level
from .table import ImageTable

_FEW = 5
_LONGEST = 3.0
"""An image that is more than so many times as long as wide loses most of itself when it is cropped to a square."""


def examine(examples: Examples, test: Examples | None, found: dict[str, Any]) -> dict[str, Any]:
    """Add to `found`, the summary that all domains share, what concerns images; `warnings` and `fatal` come last."""
    warnings, fatal = list(found.pop("warnings")), list(found.pop("fatal"))
    kept = _readable(examples)
    table = as_table(kept)
    alike, same = look_alikes(table), same_pixels(table)
    found |= {
        "sizes": _sizes(table),
        "duplicates": len(same) - len(np.unique(same)),
        "look-alikes": len(alike) - len(np.unique(alike)),
    }
    name, rows = examples.name, len(kept)
    if found["look-alikes"]:
        what = f"{name}: {found['look-alikes']:,} of {rows:,} images look like an earlier one"
        warnings.append(f"{what} ({found['duplicates']:,} are the same in all pixels)")
    warnings += _conflicts(kept, alike) + _long(kept, table) + rare_classes(kept)
    fatal += one_class(kept)
    if test is not None:
        _compare(kept, _readable(test), found["test"], warnings, fatal)
    return found | {"warnings": warnings, "fatal": fatal}


def as_table(examples: Examples) -> ImageTable:
    """Return the images of examples, arrays brought to uint8."""
    inputs = examples.inputs
    return inputs if isinstance(inputs, ImageTable) else ImageTable.of(to_uint8(inputs, white_level(inputs)))


def _readable(examples: Examples) -> Examples:
    return examples.take(np.array([row for row in range(len(examples)) if row not in examples.errors], np.int64))


def _sizes(table: ImageTable) -> dict[str, str]:
    if not len(table):
        return {}
    areas = table.sizes.astype(np.int64).prod(axis=1)
    order = np.argsort(areas, kind="stable")
    named = {"smallest": order[0], "median": order[len(order) // 2], "largest": order[-1]}
    return {name: "{} × {}".format(*table.sizes[row]) for name, row in named.items()}


def _conflicts(examples: Examples, alike: Any) -> list[str]:
    """Say which images look the same and have different labels."""
    if examples.labels is None:
        return []
    _, label = np.unique([str(label) for label in examples.labels], return_inverse=True)
    several = [
        int(rows[0])
        for rows in np.split(np.argsort(alike, kind="stable"), np.flatnonzero(np.diff(np.sort(alike))) + 1)
        if len(rows) > 1 and len(np.unique(label[rows])) > 1
    ]
    where = ", ".join(examples.place(row) for row in several[:_FEW]) + (", …" if len(several) > _FEW else "")
    count = f"{len(several):,} image{'s look' if len(several) > 1 else ' looks'}"
    what = f"{examples.name}: {count} like one with another label ({where})"
    return [f"{what}; settle which is right"] if several else []


def _long(examples: Examples, table: ImageTable) -> list[str]:
    sizes = np.maximum(table.sizes, 1)
    rows = np.flatnonzero((sizes.max(axis=1) > _LONGEST * sizes.min(axis=1)) & (table.sizes > 0).all(axis=1))
    if not len(rows):
        return []
    count = f"{len(rows):,} image{'s are' if len(rows) > 1 else ' is'}"
    what = f"{examples.name}: {count} over {_LONGEST:g} times as long as wide, or as wide as long"
    return [f"{what} ({examples.place(int(rows[0]))}); only their middle is seen"]


def _compare(
    examples: Examples, test: Examples, found: dict[str, Any], warnings: list[str], fatal: list[DataError]
) -> None:
    """Add what test images look like training images, and their labels that training does not have."""
    alike = look_alikes(as_table(examples), as_table(test))
    ours, theirs = alike[: len(examples)], alike[len(examples) :]
    shared = np.isin(theirs, ours)
    found["look-alikes in both"] = int(shared.sum())
    if shared.all() and len(test) and np.isin(ours, theirs).all():
        what = f"{test.name}: holds the same images as {examples.name}; give rows that are not trained on"
        fatal.append(Overlap(what))
    elif shared.any():
        what = f"{test.name}: {int(shared.sum()):,} of {len(test):,} images look like one in {examples.name}"
        where = test.place(int(np.flatnonzero(shared)[0]))
        warnings.append(f"{what} ({where}); what is measured on them is too good")
    fatal += unknown_classes(examples, test)
