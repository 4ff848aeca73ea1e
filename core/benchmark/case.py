"""What a benchmark case is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..batch import Examples
from ..errors import TooFewRows
from ..files import file_hash


@dataclass(frozen=True)
class Split:
    """Training and test rows as a case's `load` gives them; `valid` as `fit` takes it, a share or rows."""

    train: Examples
    test: Examples
    valid: Examples | float = 0.1


@dataclass(frozen=True, kw_only=True)
class Case:
    """A task to be learned and measured.

    `load(seed)` reads or makes the data. `about` says in a few words what it is; `synthetic` whether it is made up, and
    then `ceiling(seed)` may give the best reachable value of the main metric. `needs` is the folder below FOURFOLD_DATA
    without which the case is passed over. `settings` are nested settings on top of the preset's. `metric` is the one to
    report where it is not the domain's main one. `outside(seed)` gives rows that belong to no class: how well
    confidence tells them from the test rows is measured besides. A domain's first case that needs nothing is its part
    of `fourfold demo`. `run` is a trained model that is measured as it is, in the place of the ladder; `content` a hash
    of the files that a user's own case reads.
    """

    name: str
    about: str
    load: Callable[[int], Split]
    synthetic: bool = False
    ceiling: Callable[[int], float] | None = None
    needs: str | None = None
    metric: str | None = None
    outside: Callable[[int], Examples] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    run: Path | None = None
    content: str = ""

    def missing(self) -> str | None:
        """Say what the case lacks here, or None where it can run."""
        if self.needs is None:
            return None
        root = data_root()
        if root is None:
            return "FOURFOLD_DATA is not set"
        return None if (root / self.needs).exists() else f"{root / self.needs} does not exist"


@dataclass(frozen=True)
class Peer:
    """Another project that a domain measures itself against on a case.

    `command` prints a row, or a list of rows, as JSON. A row is a `Result`, or what `speed_rows` returns. Where
    `requires` is not installed here, or in another version, it runs in an environment of its own.
    """

    name: str
    case: str
    command: tuple[str, ...]
    requires: tuple[str, ...] = ()


def fold(examples: Examples, number: int, folds: int = 5) -> Split:
    """Return one of the stratified folds that scikit-learn shuffles with the seed 0: fold `number` modulo `folds`."""
    from sklearn.model_selection import StratifiedKFold

    splitter = StratifiedKFold(folds, shuffle=True, random_state=0)
    train, test = list(splitter.split(np.zeros(len(examples)), examples.labels))[number % folds]
    return Split(examples.take(train), examples.take(test))


def hashed(examples: Examples, share: float) -> Split:
    """Return a split that hangs on the rows alone: a row is a test row where the hash of its input says so.

    The order of the rows, and what else is in the file, are no matter; rows with equal inputs lie on one side. Raises
    DataError where either side stays empty.
    """
    chosen = np.array([_uniform(key) < share for key in _inputs(examples)], np.bool_)
    if chosen.all() or not chosen.any():
        raise TooFewRows(f"{examples.name}: {len(chosen)} rows leave one side of a split of {share:g} empty; give more")
    return Split(examples.take(np.flatnonzero(~chosen)), examples.take(np.flatnonzero(chosen)))


def _uniform(key: bytes) -> float:
    return int.from_bytes(hashlib.sha256(key).digest()[:8], "big") / 2**64


def _inputs(examples: Examples) -> Iterator[bytes]:
    """Yield what each row's input is, files by their content."""
    inputs = examples.inputs
    if hasattr(inputs, "itertuples"):
        yield from (repr(row).encode() for row in inputs.itertuples(index=False, name=None))
        return
    for row in range(len(examples)):
        value = inputs[row : row + 1] if hasattr(inputs, "shape") else inputs[row]
        if hasattr(value, "dtype"):
            yield np.ascontiguousarray(value).tobytes()
        elif path := getattr(value, "path", None):
            yield file_hash(path).encode()
        elif digest := getattr(value, "digest", ""):  # a recording: the part of a file, whatever it is called
            yield f"{digest} {value.offset} {value.duration}".encode()
        else:
            yield repr(value).encode()


def data_root() -> Path | None:
    """Return the folder of real data sets that FOURFOLD_DATA names, if any."""
    root = os.environ.get("FOURFOLD_DATA")
    return Path(root) if root else None
