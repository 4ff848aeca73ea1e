"""Columns of Arrow's texts, in any chunks and on any number of threads, mean what the same texts mean elsewhere."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourfold.core.batch import Examples
from fourfold.core.errors import DataError
from fourfold.recsys.data import Categorical, ClickFeatures, ClickFeaturesConfig, read, schema, side_by_side
from fourfold.recsys.data.cells import coded, parse_numbers
from fourfold.recsys.data.schema import infer_kind
from fourfold.recsys.data.vocabulary import Counts

NUMBERS = (
    "1",
    "-2.5",
    "+3e2",
    "1e400",
    "007",
    " 4 ",
    ".5",
    "5.",
    "inf",
    "-Infinity",
    "nan",
    "0x1f",
    "1_000",
    "--1",
    "e",
)
WORDS = ("", "?", "NA", " null ", "True", "maybe", "１２", "12a", "\u00a08")
CELLS = st.lists(st.sampled_from((*NUMBERS, *WORDS, None)) | st.text(max_size=3), max_size=30)


def in_arrow(cells: list[str | None], *ends: int) -> pd.Series:
    """The cells as a column of Arrow's, cut into chunks."""
    parts = [pa.array([], pa.string()), *(pa.array(part, pa.string()) for part in cut(cells, ends))]
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array(parts)), name="column")


def cut(cells: list[str | None], ends: tuple[int, ...]) -> list[list[str | None]]:
    places = [0, *sorted(ends), len(cells)]
    return [cells[start:end] for start, end in itertools.pairwise(places)]


@given(CELLS, st.lists(st.integers(0, 30), max_size=3))
def test_codes_and_numbers_are_those_of_texts(cells: list[str | None], ends: list[int]) -> None:
    texts = pd.Series(cells, dtype=object, name="column")
    for column in (in_arrow(cells, *ends), texts.astype(pd.StringDtype("pyarrow", na_value=np.nan))):
        codes, names = coded(column)
        assert [names[code].as_py() if code >= 0 else None for code in codes.tolist()] == [one or None for one in cells]
        assert len(set(names.to_pylist())) == len(names) == len(set(filter(None, cells)))
        for found, expected in zip(parse_numbers(column), parse_numbers(texts), strict=True):
            np.testing.assert_array_equal(found, expected)
        assert infer_kind(column, ClickFeaturesConfig()) == infer_kind(texts, ClickFeaturesConfig())


@given(st.sampled_from(NUMBERS + WORDS) | st.text(max_size=6))
def test_a_text_is_the_number_that_pandas_takes_it_for(text: str) -> None:
    (number,), (wrong,) = parse_numbers(pd.Series([text], dtype=object))
    expected = pd.to_numeric(pd.Series([text.strip()], dtype=object), errors="coerce").astype(float)[0]
    assert np.isnan(number) if not np.isfinite(expected) else number == expected
    assert not (wrong and np.isfinite(expected))


def test_counts_are_summed_over_blocks() -> None:
    counts = Counts()
    for names, numbers in ((["b", "a"], [1, 2]), (["c", "b"], [1, 4]), ([], [])):
        counts.add(pa.array(names, pa.large_string()), np.array(numbers, np.int64))
    assert counts.commonest(1, 0).to_pylist() == ["b", "a", "c"]
    assert counts.commonest(2, 1).to_pylist() == ["b"]
    assert Counts().commonest(1, 0).to_pylist() == []


@pytest.mark.parametrize("unseen", [1, 3])
def test_few_rows_are_encoded_as_many_are(unseen: int, monkeypatch: pytest.MonkeyPatch) -> None:
    values = pa.array([f"v{value}" for value in range(50)], pa.large_string())
    field = Categorical(name="f", values=values, unseen=unseen)
    cells = pd.Series([f"v{value}" for value in range(0, 90, 7)] + [None, ""])
    few = field.encode(cells).tolist()
    monkeypatch.setattr(schema, "_FEW", 0)
    assert field.encode(cells).tolist() == few
    assert few[:3] == [1 + unseen, 8 + unseen, 15 + unseen] and few[-2:] == [0, 0]
    assert field == Categorical(name="f", values=values, unseen=unseen)


def test_threads_learn_and_encode_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({f"n{place}": rng.integers(0, 9, 500).astype(str) for place in range(6)})
    frame = frame.assign(**{f"x{place}": rng.normal(size=500) for place in range(6)})
    examples, found, threads = read(frame, rng.integers(0, 2, 500)), [], set()
    for count in (1, 4):
        monkeypatch.setattr(pa, "cpu_count", lambda count=count: count)
        features = ClickFeatures.fit(examples, ClickFeaturesConfig())
        found.append((features, features.source(examples).table.tolist()))
    assert found[0] == found[1]
    barrier = threading.Barrier(2, timeout=10)  # both are at work at once
    side_by_side.side_by_side(lambda _: (barrier.wait(), threads.add(threading.get_ident())), range(4))
    assert len(threads) > 1


def test_the_first_column_that_fails_is_named_on_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pa, "cpu_count", lambda: 4)
    frame = pd.DataFrame({name: ["1", "2", "3", "4"] * 50 for name in "abcd"})
    features = ClickFeatures.fit(read(frame, [0, 1] * 100), ClickFeaturesConfig(numeric=tuple("abcd")))
    frame.loc[7, "c"], frame.loc[3, "b"] = "many", "few"
    with pytest.raises(DataError, match=r"^data: row 3: column 'b': 'few' is not a number"):
        features.source(Examples(inputs=frame, place=lambda row: f"data: row {row}"))


def test_minus_nan_is_no_number_however_the_text_is_kept() -> None:
    for kind in (object, "str", "string[pyarrow]"):
        numbers, wrong = parse_numbers(pd.Series(["1", "-nan", "nan", ""], dtype=kind))
        assert wrong.tolist() == [False, True, False, False] and np.isnan(numbers[1:]).all()
