"""What all contenders share: rows, the model's shape, and the steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...core.errors import BadValue, UnknownName

FIELDS, WIDTH, HIDDEN = 26, 16, (400, 400, 400)
RATE, PENALTY = 1e-3, 1e-5
_TABLES = {"small": 100_000, "large": 10_000_000}
_TEST_ROWS = 20_000


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Tables of so many rows in all, and rows to train and to test on; a block is `steps` steps of `batch` rows."""

    table_rows: int
    batch: int
    steps: int
    threads: int
    ids: npt.NDArray[np.int32]
    labels: npt.NDArray[np.float32]

    @property
    def size(self) -> int:
        """The values of each field."""
        return self.table_rows // FIELDS

    @property
    def rows(self) -> int:
        """The rows of a block."""
        return self.batch * self.steps

    @property
    def train(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """The ids (N, F) and labels (N,) of a block."""
        return self.ids[: self.rows], self.labels[: self.rows]

    @property
    def test(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """The ids and labels to measure the area on."""
        return self.ids[self.rows :], self.labels[self.rows :]


def load_setting(name: str, steps: int, threads: int) -> Setting:
    """Draw the rows of a case such as "small_4096": the size of the tables, and the rows a step.

    Ids follow Zipf's law; a click depends on an effect of each value. Raises ConfigError where there is no such case.
    """
    if steps < 2:
        raise BadValue(f"peers: --steps {steps} must be 2 or above, since the first step is not counted")
    kind, _, batch = name.partition("_")
    if kind not in _TABLES or not batch.isdecimal() or int(batch) < 1:
        raise UnknownName(f"peers: no case '{name}' of recsys; write small_4096 or large_256, or other rows a step")
    rng, size = np.random.default_rng(0), _TABLES[kind] // FIELDS
    rows = int(batch) * steps + _TEST_ROWS
    ids = (size ** rng.random((rows, FIELDS))).astype(np.int32) - 1
    effects = rng.normal(0, 1.5 / np.sqrt(FIELDS), (FIELDS, size)).astype(np.float32)
    logit = effects[np.arange(FIELDS), ids].sum(1) - 1
    labels = (rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(np.float32)
    return Setting(table_rows=_TABLES[kind], batch=int(batch), steps=steps, threads=threads, ids=ids, labels=labels)


def count_of(case: str, word: str) -> int:
    """Return the number of a case such as "rows_400000"; ConfigError where the case is another.

    >>> count_of("rows_400000", "rows")
    400000
    """
    kind, _, count = case.partition("_")
    if kind != word or not count.isdecimal() or int(count) < 1:
        raise UnknownName(f"peers: no case '{case}' of this work; write {word}_1000, or another number")
    return int(count)
