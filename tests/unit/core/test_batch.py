"""Examples keep their places, batches their names, and counted randomness its promises."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.batch import Batch, Draw, Examples, pad

quick = settings(max_examples=50)
KEYS = st.tuples(st.integers(0, 2**63 - 1), st.integers(0, 10_000), st.integers(0, 50))
N = 200_000


def examples(kind: str) -> Examples:
    values = [f"text {k}" for k in range(6)]
    inputs = {
        "list": values,
        "array": np.array(values),
        "frame": pd.DataFrame({"t": values}, index=range(10, 16)),
    }[kind]
    return Examples(
        inputs=inputs,
        labels=np.arange(6) * 10,
        place=lambda row: f"f.csv:{row + 2}",
        errors={1: "bad", 4: "worse"},
        notes=("f.csv: read as GB18030",),
        columns={"input": "t"},
    )


@pytest.mark.parametrize("kind", ["list", "array", "frame"])
def test_taken_rows_keep_labels_places_and_errors(kind: str) -> None:
    taken = examples(kind).take(np.array([4, 0, 4, 1])).take(np.array([3, 2, 0]))
    values = taken.inputs["t"] if kind == "frame" else taken.inputs
    assert list(values) == ["text 1", "text 4", "text 4"] and type(taken.inputs) is type(examples(kind).inputs)
    assert taken.labels is not None and taken.labels.tolist() == [10, 40, 40]
    assert [taken.place(row) for row in range(3)] == ["f.csv:3", "f.csv:6", "f.csv:6"]
    assert taken.errors == {0: "bad", 1: "worse", 2: "worse"}
    assert taken.notes == ("f.csv: read as GB18030",) and taken.columns == {"input": "t"}


def test_examples_without_labels_or_places() -> None:
    plain = Examples(inputs=["a", "b"])
    assert len(plain) == 2 and plain.place(1) == "row 1" and plain.take(np.array([1])).labels is None
    assert plain.take(np.array([1])).place(0) == "row 1" and len(plain.take(np.array([], dtype=int))) == 0


def test_a_batch_moves_whole() -> None:
    batch = Batch({"ids": torch.arange(6).view(2, 3), "label": torch.zeros(2)})
    moved = batch.to(torch.device("meta"))
    assert len(batch) == 2 and "ids" in batch and "keep" not in batch
    assert {name: tensor.device.type for name, tensor in moved.tensors.items()} == {
        "ids": "meta",
        "label": "meta",
    }
    assert batch["ids"].device.type == "cpu" and torch.equal(batch.to(torch.device("cpu"))["ids"], batch["ids"])


@quick
@given(st.lists(st.lists(st.integers(-9, 9), max_size=6), min_size=1, max_size=5), st.integers(-9, 9))
def test_padding_against_a_loop(rows: list[list[int]], value: int) -> None:
    values, keep = pad([np.array(row, dtype=np.int64) for row in rows], value)
    width = max(1, *map(len, rows))
    assert values.tolist() == [row + [value] * (width - len(row)) for row in rows]
    assert keep.tolist() == [[True] * len(row) + [False] * (width - len(row)) for row in rows]


def test_padding_of_vectors_keeps_the_dtype() -> None:
    values, keep = pad([np.ones((2, 3), np.float32), np.ones((1, 3), np.float32)], -1)
    assert values.dtype == torch.float32 and values.shape == (2, 2, 3) and keep.sum() == 3
    assert values[1].tolist() == [[1, 1, 1], [-1, -1, -1]]


@quick
@given(KEYS, st.lists(st.integers(0, 2**62), min_size=1, max_size=20), st.integers(1, 8), st.randoms())
def test_a_samples_numbers_do_not_depend_on_the_batch(
    key: tuple[int, int, int], rows: list[int], count: int, random: object
) -> None:
    draw, stream = Draw(key[0], key[1]), key[2]
    together = draw.uniform(np.array(rows), count, stream)
    assert together.shape == (len(rows), count) and (together >= 0).all() and (together < 1).all()
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert (Draw(*key[:2]).uniform(np.array(rows)[order], count, stream) == together[order]).all()
    for position, row in enumerate(rows):
        assert (draw.uniform(np.array([row]), count + 3, stream)[0, :count] == together[position]).all()


@quick
@given(KEYS, st.integers(0, 2**62), st.integers(0, 3), st.integers(1, 1000))
def test_another_seed_epoch_sample_or_stream_gives_other_numbers(
    key: tuple[int, int, int], row: int, which: int, step: int
) -> None:
    one, other = [*key, row], [*key, row]
    other[which if which < 3 else 3] += step
    a, b = (Draw(seed, epoch).uniform(np.array([sample]), 4, stream)[0] for seed, epoch, stream, sample in (one, other))
    assert not set(a.tolist()) & set(b.tolist())


def test_the_numbers_are_those_of_all_versions() -> None:
    """A change of the arithmetic would change the training of every resumed run."""
    got = Draw(seed=1, epoch=2).uniform(np.array([3]), 2, stream=4)[0].tolist()
    mask, golden = 2**64 - 1, 0x9E3779B97F4A7C15

    def mix(x: int) -> int:
        x = (x + golden) & mask
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & mask
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
        return x ^ (x >> 31)

    row = mix(3 ^ mix(mix(mix(1) ^ 2) ^ 4))
    assert got == [(mix((row + k * golden) & mask) >> 11) * 2.0**-53 for k in (1, 2)]


def families() -> dict[str, np.ndarray]:
    """200,000 numbers that neighbour each other in one of the five coordinates."""
    draw, few = Draw(seed=5, epoch=0), np.arange(20)
    return {
        "rows": draw.uniform(np.arange(N), 1).ravel(),
        "columns": draw.uniform(few, N // 20).ravel(),
        "streams": np.concatenate([draw.uniform(few, 100, stream).ravel() for stream in range(100)]),
        "epochs": np.concatenate([Draw(5, epoch).uniform(few, 100).ravel() for epoch in range(100)]),
        "seeds": np.concatenate([Draw(seed, 0).uniform(few, 100).ravel() for seed in range(100)]),
    }


@pytest.mark.parametrize("family", ["rows", "columns", "streams", "epochs", "seeds"])
def test_the_numbers_are_uniform(family: str) -> None:
    numbers = families()[family]
    counts = np.bincount((numbers * 1000).astype(int), minlength=1000)
    assert len(counts) == 1000 and scipy.stats.chisquare(counts).pvalue > 1e-4
    low_bits = np.bincount((numbers * 2.0**53).astype(np.int64) % 64, minlength=64)
    assert scipy.stats.chisquare(low_bits).pvalue > 1e-4


def pairs(coordinate: str) -> tuple[np.ndarray, np.ndarray]:
    draw, rows = Draw(seed=9, epoch=3), np.arange(N // 4)
    first = draw.uniform(rows, 1).ravel()
    second = {
        "row": lambda: draw.uniform(rows + 1, 1).ravel(),
        "column": lambda: draw.uniform(rows, 2)[:, 1],
        "stream": lambda: draw.uniform(rows, 1, stream=1).ravel(),
        "epoch": lambda: Draw(9, 4).uniform(rows, 1).ravel(),
        "seed": lambda: Draw(10, 3).uniform(rows, 1).ravel(),
        "swapped seed and epoch": lambda: Draw(3, 9).uniform(rows, 1).ravel(),
    }[coordinate]()
    return first, second


@pytest.mark.parametrize("coordinate", ["row", "column", "stream", "epoch", "seed", "swapped seed and epoch"])
def test_neighbours_are_independent(coordinate: str) -> None:
    first, second = pairs(coordinate)
    table = np.histogram2d(first, second, bins=16, range=[[0, 1], [0, 1]])[0]
    assert scipy.stats.chi2_contingency(table).pvalue > 1e-4
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(len(first))


def test_generators_differ_by_seed_epoch_and_stream() -> None:
    made = [Draw(1, 2).generator(), Draw(2, 1).generator(), Draw(1, 2).generator(1), Draw(1, 3).generator()]
    assert len({float(generator.random()) for generator in made}) == 4
    assert Draw(1, 2).generator(3).random() == Draw(1, 2).generator(3).random()
