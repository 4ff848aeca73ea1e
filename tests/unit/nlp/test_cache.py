"""The token table is what encoding row by row gives, in memory and in a file; the file goes when it should."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fourfold.nlp.data import TextFeaturesConfig, TokenTable, cache, encode_texts
from fourfold.nlp.data.tokenizers import train_tokenizer

TEXTS = [f"{'film ' * (k % 7)}number {k}" for k in range(57)] + [""]
TOKENIZER = train_tokenizer(TEXTS, TextFeaturesConfig(min_frequency=1, max_length=6))


def rows(table: TokenTable) -> list[list[int]]:
    return [
        table.flat[start : start + length].tolist() for start, length in zip(table.starts, table.lengths, strict=True)
    ]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FOURFOLD_CACHE", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("chunk", [1, 10, 1000])
@pytest.mark.parametrize("in_memory", [0, 50, 10**6])
def test_rows_are_those_of_the_tokenizer(chunk: int, in_memory: int, temporary: Path) -> None:
    table = encode_texts(TEXTS, TOKENIZER, chunk=chunk, in_memory=in_memory)
    assert rows(table) == [TOKENIZER.encode(text).ids for text in TEXTS]
    assert table.flat.dtype == np.int32 and table.starts.dtype == table.lengths.dtype == np.int64
    assert len(table) == 58 and table.firsts is None
    assert isinstance(table.flat, np.memmap) == (in_memory < 10**6) == any(temporary.iterdir())


def test_few_letters_are_encoded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    class Watched:
        def encode_batch_fast(self, batch: list[str]) -> Any:
            sizes.append(sum(map(len, batch)))
            return TOKENIZER.encode_batch_fast(batch)

    monkeypatch.setattr(cache, "LETTERS", 100)
    table = encode_texts(TEXTS, Watched(), chunk=1000)  # type: ignore[arg-type]
    assert rows(table) == rows(encode_texts(TEXTS, TOKENIZER)) and len(sizes) > 5 and max(sizes) < 150


def test_a_temporary_file_goes_with_the_table(temporary: Path) -> None:
    table = encode_texts(TEXTS, TOKENIZER, in_memory=0)
    assert [path.name for path in temporary.rglob("*.bin")] == ["tokens.bin"]
    del table
    gc.collect()
    assert not list(temporary.iterdir())


def test_pairs_know_where_the_second_text_begins() -> None:
    pairs = [("film", "number 1"), ("number 2 film film", ""), ("", "film")]
    table = encode_texts(pairs, TOKENIZER)
    assert table.firsts is not None
    for row, pair in enumerate(pairs):
        assert int(table.firsts[row]) == TOKENIZER.encode(*pair).type_ids.index(1)


def test_no_texts_are_no_rows() -> None:
    table = encode_texts([], TOKENIZER)
    assert len(table) == 0 and len(table.flat) == 0
