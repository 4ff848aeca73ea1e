"""What is in labelled texts, and what would spoil training or its measurement."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...core.batch import Examples
from ...core.errors import Contradiction, DataError, NothingUsable, Overlap
from ...core.summary import one_class, rare_classes, unknown_classes

Numbers = npt.NDArray[np.int64]
_IDEOGRAPH = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f]")
_FEW = 5


def examine(examples: Examples, test: Examples | None, found: dict[str, Any]) -> dict[str, Any]:
    """Add to `found`, the summary that all domains share, what concerns texts; `warnings` and `fatal` come last.

    >>> from fourfold.core.summary import summarise
    >>> rows = Examples(inputs=["good", "bad", "good"], labels=np.array(["a", "b", "a"]), name="t.csv")
    >>> found = examine(rows, None, summarise(rows))
    >>> found["duplicates"], found["conflicts"], found["warnings"][0]
    (1, [], 't.csv: 1 of 3 rows repeat the text of an earlier row')
    """
    warnings, fatal = list(found.pop("warnings")), list(found.pop("fatal"))
    keys = _keys(examples)
    repeats = _repeats(keys, examples)
    conflicts = repeats.conflicts.tolist()
    found |= {
        "lengths": _lengths(examples.inputs),
        "empty rows": len(examples.errors),
        "duplicates": repeats.count,
        "conflicts": [examples.place(row) for row in conflicts[:_FEW]],
        "rows in conflict": len(conflicts),
    }
    fatal += one_class(examples) + _all_empty(examples)
    name, rows = examples.name, len(examples)
    if repeats.count:
        warnings.append(f"{name}: {repeats.count:,} of {rows:,} rows repeat the text of an earlier row")
    if conflicts:
        where = ", ".join(found["conflicts"]) + (", …" if len(conflicts) > _FEW else "")
        what = f"{name}: {len(conflicts):,} of {rows:,} rows have the text of another row but another label ({where})"
        if 2 * len(conflicts) > rows:
            fatal.append(Contradiction(f"{what}; settle which is right"))
        else:
            warnings.append(f"{what}; settle which is right")
    warnings += rare_classes(examples)
    if test is not None:
        _compare(examples, test, keys, (found["test"], warnings, fatal))
    return found | {"warnings": warnings, "fatal": fatal}


@dataclass(frozen=True)
class _Repeats:
    """How many rows repeat an earlier one, and the rows whose text bears several labels."""

    count: int
    conflicts: Numbers


def _keys(examples: Examples) -> Numbers:
    """A number for each text; equal texts have equal ones."""
    return np.fromiter((hash(text) for text in examples.inputs), dtype=np.int64, count=len(examples))


def _repeats(keys: Numbers, examples: Examples) -> _Repeats:
    rows = np.setdiff1d(np.arange(len(keys)), np.fromiter(examples.errors, np.int64, len(examples.errors)))
    unique, group = np.unique(keys[rows], return_inverse=True)
    count = len(rows) - len(unique)
    if examples.labels is None or not count or _are_numbers(examples):  # several may rate one text
        return _Repeats(count, np.array([], dtype=np.int64))
    names, label = np.unique([str(label) for label in examples.labels[rows]], return_inverse=True)
    pairs = np.unique(group.astype(np.int64) * len(names) + label)
    several = np.bincount(pairs // len(names)) > 1
    return _Repeats(count, rows[several[group]])


def _are_numbers(examples: Examples) -> bool:
    return examples.labels is not None and examples.labels.dtype.kind == "f"


def _lengths(texts: Iterable[Any]) -> dict[str, dict[str, float]]:
    """Return the smallest, the median, the 95 % quantile and the largest length, in characters and in words."""
    numbers = (number for text in map(_whole, texts) for number in (len(text), _words(text)))
    table = np.fromiter(numbers, dtype=np.int64).reshape(-1, 2)
    return {name: _spread(column) for name, column in zip(("characters", "words"), table.T, strict=True)}


def _words(text: str) -> int:
    """Count words between spaces, and each Chinese character as one."""
    if text.isascii():
        return len(text.split())
    spaced, count = _IDEOGRAPH.subn(" ", text)
    return len(spaced.split()) + count


def _whole(text: Any) -> str:
    return text if isinstance(text, str) else " ".join(text)


def _spread(values: Numbers) -> dict[str, float]:
    if not len(values):
        return {}
    low, median, high, most = np.percentile(values, [0, 50, 95, 100], method="inverted_cdf").tolist()
    return {"min": int(low), "median": int(median), "95 %": int(high), "max": int(most)}


def _all_empty(examples: Examples) -> list[DataError]:
    empty = 0 < len(examples) == len(examples.errors)
    what = f"{examples.name}: every text is empty; name the column of texts with --input"
    return [NothingUsable(what)] if empty else []


def _compare(
    examples: Examples, test: Examples, keys: Numbers, into: tuple[dict[str, Any], list[str], list[DataError]]
) -> None:
    """Add what test rows share with training rows, and their labels that training does not have."""
    found, warnings, fatal = into
    theirs = _keys(test)
    shared = int(np.isin(theirs, keys).sum())
    found["rows in both"] = shared
    if shared == len(test) and np.isin(keys, theirs).all():
        what = f"{test.name}: holds the same texts as {examples.name}; give rows that are not trained on"
        fatal.append(Overlap(what))
    elif shared:
        what = f"{test.name}: {shared:,} of {len(test):,} texts are in {examples.name} too"
        warnings.append(f"{what}; what is measured on them is too good")
    fatal += unknown_classes(examples, test)
