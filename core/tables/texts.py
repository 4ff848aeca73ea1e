"""Texts that lie on the disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

BLOCK = 10_000
"""The rows that are in memory at once while texts are gone through."""


class Texts(Sequence[str]):
    """A memory-mapped Arrow column as a sequence of strings, or some rows of it; a missing value is "".

    `keep` is held as long as the texts are: the owner of the file behind them.

    >>> import pyarrow as pa
    >>> texts = Texts(pa.chunked_array([["a", None], ["c"]]))
    >>> list(texts), texts[-1], list(texts.take(np.array([2, 0]))), list(texts[1:])
    (['a', '', 'c'], 'c', ['c', 'a'], ['', 'c'])
    """

    def __init__(self, column: Any, keep: object = None, rows: npt.NDArray[np.int64] | None = None):
        self.column, self.keep, self.rows = column, keep, rows
        self.ends = np.cumsum([len(chunk) for chunk in column.chunks], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.column) if self.rows is None else len(self.rows)

    @overload
    def __getitem__(self, item: int) -> str: ...
    @overload
    def __getitem__(self, item: slice) -> Texts: ...
    def __getitem__(self, item: int | slice) -> str | Texts:
        """Return one text, or some of them, still on the disk."""
        if isinstance(item, slice):
            return self.take(np.arange(len(self))[item])
        row = range(len(self))[item]
        return self._gather(np.array([row if self.rows is None else self.rows[row]]))[0]

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), BLOCK):
            yield from self._block(start)

    def take(self, rows: npt.NDArray[np.int64]) -> Texts:
        """Return the given rows, in the given order, without reading them."""
        rows = np.asarray(rows, dtype=np.int64)
        return Texts(self.column, self.keep, rows if self.rows is None else self.rows[rows])

    def _block(self, start: int) -> list[str]:
        if self.rows is None:
            return ["" if text is None else text for text in self.column.slice(start, BLOCK).to_pylist()]
        return self._gather(self.rows[start : start + BLOCK])

    def _gather(self, rows: npt.NDArray[np.int64]) -> list[str]:
        """Return any rows, chunk by chunk: Arrow's own `take` would first copy all chunks into one."""
        found = [""] * len(rows)
        chunks = np.searchsorted(self.ends, rows, side="right")
        for number in np.unique(chunks).tolist():
            chunk = self.column.chunk(number)
            places = np.flatnonzero(chunks == number)
            inside = rows[places] - (self.ends[number] - len(chunk))
            for place, text in zip(places.tolist(), chunk.take(inside).to_pylist(), strict=True):
                found[place] = "" if text is None else text
        return found
