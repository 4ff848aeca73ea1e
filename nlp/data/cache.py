"""The token ids of all rows in one flat array: in memory, or in a file where they are many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from ...core.cache import Scratch, room_for, user_cache
from .pairs import Inputs, are_pairs

IN_MEMORY = 1 << 26
"""The tokens that stay in memory: 256 MB of them."""
LETTERS = 1 << 22
"""The letters that are encoded at once; the tokenizer needs some hundred bytes for each token."""


@dataclass(frozen=True)
class TokenTable:
    """Row i is `flat[starts[i] : starts[i] + lengths[i]]`; `firsts` counts the tokens up to a pair's second text,
    and `keep` owns the file of those that are not in memory."""

    flat: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    firsts: npt.NDArray[np.int64] | None = None
    keep: object = None

    def __len__(self) -> int:
        return len(self.lengths)


def encode_texts(texts: Inputs, tokenizer: Tokenizer, chunk: int = 10_000, in_memory: int = IN_MEMORY) -> TokenTable:
    """Encode texts or pairs, at most `chunk` rows at once.

    More than `in_memory` tokens go to a file of the cache, which is memory-mapped and goes with the table.
    """
    store = _Store(in_memory)
    lengths: list[npt.NDArray[np.int64]] = []
    firsts: list[npt.NDArray[np.int64]] = []
    paired = are_pairs(texts)
    for batch in _chunks(texts, chunk):
        encodings = tokenizer.encode_batch_fast(batch)
        sizes = np.fromiter((len(encoding.ids) for encoding in encodings), np.int64, len(encodings))
        ids = chain.from_iterable(encoding.ids for encoding in encodings)
        store.append(np.fromiter(ids, np.int32, int(sizes.sum())))
        lengths.append(sizes)
        if paired:
            firsts.append(np.array([_second(encoding.sequence_ids) for encoding in encodings], dtype=np.int64))
    counts = np.concatenate(lengths) if lengths else np.zeros(0, np.int64)
    starts = np.cumsum(counts) - counts
    return TokenTable(store.close(), starts, counts, np.concatenate(firsts) if firsts else None, store.scratch)


def _second(sides: list[int | None]) -> int:
    """Return where the second text of a pair begins; of an empty one, where it would."""
    return sides.index(1) if 1 in sides else len(sides) - 1


def _chunks(texts: Inputs, rows: int) -> Iterator[list[Any]]:
    """Yield lists of at most so many rows, and not many more letters than `LETTERS`."""
    batch: list[Any] = []
    letters = 0
    for text in texts:
        batch.append(text)
        letters += len(text) if isinstance(text, str) else sum(map(len, text))
        if len(batch) >= rows or letters >= LETTERS:
            yield batch
            batch, letters = [], 0
    if batch:
        yield batch


class _Store:
    """Collects ids: in memory until they are too many, then in a file."""

    def __init__(self, in_memory: int):
        self.in_memory, self.count = in_memory, 0
        self.parts: list[npt.NDArray[np.int32]] = []
        self.scratch: Scratch | None = None
        self.file: BinaryIO | None = None

    def append(self, ids: npt.NDArray[np.int32]) -> None:
        self.parts.append(ids)
        self.count += len(ids)
        if self.count > self.in_memory:
            self._flush()

    def close(self) -> npt.NDArray[np.int32]:
        if self.scratch is None or self.file is None:
            return np.concatenate(self.parts) if self.parts else np.zeros(0, np.int32)
        with room_for("the tokens", self.scratch.folder.parent):
            self.file.close()
        return np.memmap(self.scratch.folder / "tokens.bin", dtype=np.int32, mode="r", shape=(self.count,))

    def _flush(self) -> None:
        if self.scratch is None or self.file is None:
            self.scratch = user_cache().scratch()
            self.file = (self.scratch.folder / "tokens.bin").open("wb")
        with room_for("the tokens", self.scratch.folder.parent):
            for part in self.parts:
                self.file.write(part.tobytes())
        self.parts = []
