"""The names that a categorical field knows, counted block by block."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_TEXT = pa.large_string()
_AT_ONCE = 200_000
"""Names that may wait beside those known; in each of many columns, so that they are what memory goes to."""


class Counts:
    """How often each name occurs; what was added is summed up whenever it has doubled."""

    def __init__(self) -> None:
        self.parts: list[tuple[pa.LargeStringArray, npt.NDArray[np.int64]]] = []
        self.waiting = self.known = 0

    def add(self, names: pa.LargeStringArray, counts: npt.NDArray[np.int64]) -> None:
        """Take in different names and how often each occurred."""
        self.parts.append((names, np.asarray(counts, np.int64)))
        self.waiting += len(names)
        if self.waiting > self.known + _AT_ONCE:
            self.sum()

    def sum(self) -> tuple[pa.LargeStringArray, npt.NDArray[np.int64]]:
        """Return each name once, and its count."""
        if len(self.parts) != 1:
            self.parts = [_merged([part[0] for part in self.parts], [part[1] for part in self.parts])]
        ((names, counts),), self.waiting = self.parts, 0
        self.known = len(names)
        return names, counts

    def commonest(self, min_count: int, most: int) -> pa.LargeStringArray:
        """Return the names that occur `min_count` times or more, the commonest first, at most `most` (0: all)."""
        names, counts = self.sum()
        kept = pa.table({"name": names, "count": counts}).filter(pa.array(counts >= min_count))
        order = kept.sort_by([("count", "descending"), ("name", "ascending")])
        return _joined(order["name"][: most or None])


def places(names: pa.LargeStringArray, values: pa.LargeStringArray) -> npt.NDArray[np.int64]:
    """Return where each of `names` stands among `values`, −1 where it does not."""
    import pyarrow.compute as pc

    found = pc.index_in(names, value_set=values)
    return np.array(found.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)


def to_arrays(values: pa.LargeStringArray) -> dict[str, npt.NDArray[Any]]:
    """Return names as their bytes and the end of each."""
    texts = [value.encode() for value in values.to_pylist()]
    ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
    return {"bytes": np.frombuffer(b"".join(texts), np.uint8), "ends": ends}


def from_arrays(arrays: dict[str, npt.NDArray[Any]]) -> pa.LargeStringArray:
    """Return the names that `to_arrays` took apart; ValueError where the arrays do not fit each other."""
    raw, ends = arrays["bytes"], np.r_[np.int64(0), arrays["ends"]]
    if raw.dtype != np.uint8 or (np.diff(ends) < 0).any() or ends[-1] != len(raw):
        raise ValueError("the ends of names do not fit their bytes")
    buffers = [None, pa.py_buffer(ends.astype(np.int64).tobytes()), pa.py_buffer(raw.tobytes())]
    found = pa.LargeStringArray.from_buffers(len(ends) - 1, buffers[1], buffers[2])
    found.validate(full=True)  # names that are not UTF-8
    return found


def _merged(
    names: list[pa.LargeStringArray], counts: list[npt.NDArray[np.int64]]
) -> tuple[pa.LargeStringArray, npt.NDArray[np.int64]]:
    """Sum up the counts of equal names; a dictionary does it four times as fast as Arrow's `group_by`."""
    found = pa.concat_arrays([pa.array([], _TEXT), *names]).dictionary_encode()
    sums = np.zeros(len(found.dictionary), np.int64)
    np.add.at(sums, found.indices.to_numpy(), np.concatenate([np.zeros(0, np.int64), *counts]))
    return found.dictionary, sums


def _joined(chunks: Any) -> pa.LargeStringArray:
    return pa.array([], _TEXT) if chunks.num_chunks == 0 else pa.concat_arrays(chunks.chunks)
