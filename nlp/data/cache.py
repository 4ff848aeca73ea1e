"""The token ids of all rows in one flat array: in memory, or in a file where they are many."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from ...core.files import remove_with
from .pairs import Inputs, are_pairs

IN_MEMORY = 1 << 26
"""The tokens that stay in memory: 256 MB of them."""
LETTERS = 1 << 22
"""The letters that are encoded at once; the tokenizer needs some hundred bytes for each token."""


@dataclass(frozen=True)
class TokenTable:
    """Row i is `flat[starts[i] : starts[i] + lengths[i]]`; `firsts` counts the tokens up to a pair's second text."""

    flat: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    firsts: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.lengths)


def encode_texts(
    texts: Inputs, tokenizer: Tokenizer, folder: Path | None = None, chunk: int = 10_000, in_memory: int = IN_MEMORY
) -> TokenTable:
    """Encode texts or pairs, at most `chunk` rows at once.

    More than `in_memory` tokens go to a file and are memory-mapped: to `tokens.bin` in `folder`, which stays, or else
    to a temporary one, which goes with the table. With `folder` all go there.
    """
    store = _Store(folder, in_memory)
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
    return TokenTable(store.close(), np.cumsum(counts) - counts, counts, np.concatenate(firsts) if firsts else None)


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

    def __init__(self, folder: Path | None, in_memory: int):
        self.folder, self.in_memory = folder, in_memory
        self.parts: list[npt.NDArray[np.int32]] = []
        self.count = 0
        self.file: BinaryIO | None = None
        self.path = Path()

    def append(self, ids: npt.NDArray[np.int32]) -> None:
        self.parts.append(ids)
        self.count += len(ids)
        if self.folder is not None or self.count > self.in_memory:
            self._flush()

    def close(self) -> npt.NDArray[np.int32]:
        if self.file is None:
            return np.concatenate(self.parts) if self.parts else np.zeros(0, np.int32)
        self.file.close()
        flat = np.memmap(self.path, dtype=np.int32, mode="r", shape=(self.count,))
        if self.folder is None:
            remove_with(flat, self.path.parent)
        return flat

    def _flush(self) -> None:
        if self.file is None:
            folder = self.folder or Path(tempfile.mkdtemp(prefix="fourfold-"))
            folder.mkdir(parents=True, exist_ok=True)
            self.path = folder / "tokens.bin"
            self.file = self.path.open("wb")
        for part in self.parts:
            self.file.write(part.tobytes())
        self.parts = []
