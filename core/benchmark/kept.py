"""What is kept of a run so that it can be paired with another on the same rows: its statistic, row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..metrics import R2, MacroF1, Pearson, Ratio, Rmse, RocAuc, SetMacroF1, Statistic

Arrays = dict[str, npt.NDArray[Any]]

_FIELDS = {
    "Ratio": ("numerators", "denominators"),
    "RocAuc": ("order", "starts", "positive"),
    "MacroF1": ("labels", "predictions"),
    "SetMacroF1": ("labels", "said"),
    "R2": ("labels", "squares"),
    "Rmse": ("squares",),
    "Pearson": ("labels", "predictions"),
}
"""What makes up a statistic; one that is not here is not kept, and its models are compared by their intervals."""


_OF_NUMBERS: dict[str, Callable[..., Statistic]] = {
    "SetMacroF1": SetMacroF1,
    "R2": lambda labels, squares: R2(labels, labels - np.sqrt(squares)),
    "Rmse": lambda squares: Rmse(np.sqrt(squares), np.zeros(len(squares))),
    "Pearson": Pearson,
}
"""How those come back that hold numbers as they are."""


def keep(statistic: Statistic, path: Path) -> bool:
    """Write a statistic as safetensors; return False, and write nothing, for one of another kind."""
    from safetensors.numpy import save_file

    kind = type(statistic).__name__
    if kind not in _FIELDS:
        return False
    arrays = {name: _small(np.asarray(getattr(statistic, name))) for name in _FIELDS[kind]}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".writing-{path.name}")
    facts = {"kind": kind, "greater_is_better": str(int(statistic.greater_is_better))}
    save_file(arrays, temporary, metadata=facts)
    temporary.replace(path)
    return True


def kept(path: Path) -> Statistic | None:
    """Read what `keep` wrote; None where there is nothing, or nothing that can be read."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
            facts = file.metadata() or {}
        return _revived(facts, arrays)
    except (OSError, SafetensorError, KeyError, ValueError):
        return None


def _revived(facts: Mapping[str, str], arrays: Arrays) -> Statistic:
    kind = facts["kind"]
    if kind == "Ratio":
        numerators, denominators = (arrays[name].astype(np.float64) for name in _FIELDS[kind])
        return Ratio(numerators, denominators, greater_is_better=facts["greater_is_better"] == "1")
    if kind == "MacroF1":
        return MacroF1(*(arrays[name].astype(np.int64) for name in _FIELDS[kind]))
    if kind in _OF_NUMBERS:
        return _OF_NUMBERS[kind](*(arrays[name].astype(np.float64) for name in _FIELDS[kind]))
    if kind != "RocAuc":
        raise ValueError(f"no statistic '{kind}'")
    order, ties = arrays["order"].astype(np.int64), np.zeros(len(arrays["order"]), np.int64)
    ties[arrays["starts"][1:].astype(np.int64)] = 1
    labels, scores = np.empty(len(order)), np.empty(len(order))
    labels[order], scores[order] = arrays["positive"], np.cumsum(ties)  # scores of the same order and ties
    return RocAuc(labels, scores)


def _small(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the same numbers in fewer bytes, where they are whole; others stay as they are."""
    if len(values) and np.isfinite(values).all() and (values == np.round(values)).all():
        low, high = values.min(), values.max()
        for kind in (np.uint8, np.int32):
            if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
                return np.ascontiguousarray(values.astype(kind))
    return np.ascontiguousarray(values)
