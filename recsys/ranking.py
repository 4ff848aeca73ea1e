"""The best rows of each group, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .data.columns import Numbering


class Best:
    """Keeps the `k` rows of the highest score of each group; ties go to the earlier row.

    >>> best = Best(1)
    >>> best.add(np.array([0.2, 0.9, 0.4]), pd.Series(["a", "a", "b"]))
    >>> list(best.rows())
    [(1, 'a', 0.9), (2, 'b', 0.4)]
    """

    def __init__(self, k: int) -> None:
        self.k, self.seen, self.numbering = k, 0, Numbering()
        self.group, self.row = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self.score = np.zeros(0)

    def add(
        self, scores: npt.NDArray[Any], groups: pd.Series[Any] | None, rows: npt.NDArray[np.int64] | None = None
    ) -> None:
        """Take in rows of the groups that a column says, or of one; by themselves they are numbered as they come."""
        numbers = np.zeros(len(scores), np.int64) if groups is None else self.numbering(groups)
        group, score = np.r_[self.group, numbers], np.r_[self.score, np.asarray(scores, np.float64)]
        if rows is None:
            rows = self.seen + np.arange(len(scores))
            self.seen += len(scores)
        row = np.r_[self.row, rows]
        order = np.lexsort((row, -score, group))
        begins = np.flatnonzero(np.r_[True, np.diff(group[order]) != 0])
        rank = np.arange(len(order)) - np.repeat(begins, np.diff(np.r_[begins, len(order)]))
        kept = order[rank < self.k]
        self.group, self.score, self.row = group[kept], score[kept], row[kept]

    def rows(self) -> Iterator[tuple[int, Any, float]]:
        """Yield (row, group, score), group by group in the order in which they first came, the best first."""
        for row, group, score in zip(self.row.tolist(), self.group.tolist(), self.score.tolist(), strict=True):
            name = self.numbering.values[group].as_py() if 0 <= group < len(self.numbering.values) else None
            yield row, name, score
