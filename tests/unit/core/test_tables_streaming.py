"""What is read batch by batch is what is read at once: cells, lines, encodings and every message."""

from __future__ import annotations

import gc
import gzip
import json
import resource
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bad_tables import CASES as WRONG
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.batch import Examples
from fourfold.core.errors import DataError
from fourfold.core.tables import CSV, READERS, Texts, probing, read_table, scan_separated, streaming, texts

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\r\t"), max_size=12)
CELL = TEXT | st.sampled_from(["", "NA", "007", 'say "x", y', "好看\n吗", "\u2028"])
quick = settings(max_examples=40)
LONG = ("GB18030 with a broken end", "a gzip bomb")
"""Too long for batches as small as those here."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Small batches and blocks, and a folder of temporary files that is empty at the end."""
    monkeypatch.setattr(streaming, "ROWS", 3)
    monkeypatch.setattr(texts, "BLOCK", 2)
    monkeypatch.setattr(probing, "BLOCK", 7)
    monkeypatch.setenv("FOURFOLD_CACHE", str(tmp_path / "temporary"))
    yield
    gc.collect()
    assert not list((tmp_path / "temporary").glob(".writing-*"))


def both(name: str, raw: bytes) -> None:
    """Read a file both ways and compare; an error must be the same error."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        found = []
        for above in (None, -1):
            try:
                table = read_table(path, stream_above=above)
            except DataError as error:
                found.append(str(error))
                continue
            rows = len(table.frame)
            columns = {name: list(table.strings(name)) for name in table.frame.columns}
            places = [table.place(row) for row in range(rows)]
            labels = []
            for column in table.frame.columns:
                try:
                    array = table.label_column(column)
                    labels.append(None if array is None else (array.tolist(), array.dtype.kind))
                except DataError as error:
                    labels.append(str(error))
            found.append(repr((columns, places, labels, table.encoding, table.notes)))
    assert found[0] == found[1]


@quick
@given(
    st.lists(st.tuples(CELL, CELL), min_size=1, max_size=9),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.booleans(),
)
def test_csv(rows: list[tuple[str, str]], codec: str, packed: bool) -> None:
    text = pd.DataFrame(rows, columns=["text", "label"]).to_csv(index=False)
    both("t.csv.gz" if packed else "t.csv", text.encode(codec))


@quick
@given(st.text('a",\n\t\r 好', max_size=60))
def test_any_csv_and_tsv(text: str) -> None:
    both("t.csv", f"a,b\n{text}".encode())
    both("t.tsv", f"a\tb\n{text}".encode())


VALUE = TEXT | st.integers(-(2**40), 2**40) | st.booleans() | st.none() | st.lists(st.sampled_from("xy"), max_size=2)


@quick
@given(
    st.lists(st.dictionaries(st.sampled_from(["a", "b"]), st.just("x") | TEXT, min_size=1), min_size=1, max_size=9),
    st.lists(VALUE, min_size=9, max_size=9) | st.lists(st.integers(0, 3), min_size=9, max_size=9),
)
def test_json_lines(rows: list[dict[str, object]], labels: list[object]) -> None:
    lines = [json.dumps(row | {"label": label}, ensure_ascii=False) for row, label in zip(rows, labels, strict=False)]
    both("t.jsonl", "\n\n".join(lines).encode())


@pytest.mark.parametrize("case", [case for case in WRONG if WRONG[case][0].endswith((".csv", ".tsv", ".jsonl", ".gz"))])
def test_every_message_is_the_same(case: str, tmp_path: Path) -> None:
    name, raw, what = WRONG[case]
    raw = raw[-100_000:] if case in LONG else raw
    path = tmp_path / name
    path.write_bytes(raw)
    said = []
    for above in (None, -1):
        with pytest.raises(DataError) as error:
            read_table(path, stream_above=above)
        said.append(str(error.value))
    assert said[0] == said[1] and (case in LONG or said[0] == name + what)


@pytest.mark.parametrize("codec", ["gb18030", "utf-16-le", "utf-16-be"])
def test_other_encodings(codec: str) -> None:
    both("t.csv", ("text,label\n" + "这部电影很好看，值得一看,1\n好,0\n" * 9).encode(codec))


def test_windows_1252() -> None:
    both("t.csv", ("text,label\n" + "an ASCII row,0\n" * 9 + "un café très cher,1\n" * 3).encode("cp1252"))


@quick
@given(st.binary(max_size=80))
def test_any_bytes(raw: bytes) -> None:
    both("t.csv", b"a,b\n" + raw)


def test_small_files_stay_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text,label\nx,1\n")
    size = path.stat().st_size
    assert isinstance(read_table(path, stream_above=size).strings("text"), list)
    assert isinstance(read_table(path, stream_above=size - 1).strings("text"), Texts)
    assert isinstance(read_table(path).strings("text"), list)
    assert set(streaming.__dict__) >= {"ABOVE", "ROWS"} and streaming.ABOVE == 2**28 and ".parquet" in READERS


def test_the_file_lives_as_long_as_the_texts(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("text,label\n" + "".join(f"row {k},{k}\n" for k in range(10)))
    found = read_table(tmp_path / "t.csv", stream_above=0).strings("text")
    gc.collect()
    assert len(list((tmp_path / "temporary").rglob("rows.arrow"))) == 1
    part = Examples(inputs=found).take(np.array([9, 0, 4])).inputs
    del found
    gc.collect()
    assert list(part) == ["row 9", "row 0", "row 4"] and list((tmp_path / "temporary").rglob("rows.arrow"))
    del part
    gc.collect()
    assert not list((tmp_path / "temporary").iterdir())


@quick
@given(st.lists(st.lists(st.none() | st.text(max_size=3), max_size=4), min_size=1, max_size=4), st.data())
def test_texts_are_a_sequence(chunks: list[list[str | None]], data: st.DataObject) -> None:
    import pyarrow as pa

    plain = [text or "" for chunk in chunks for text in chunk]
    found = Texts(pa.chunked_array([pa.array(chunk, pa.large_string()) for chunk in chunks]))
    for _ in range(3):
        assert list(found) == plain and len(found) == len(plain)
        for row in range(-len(plain), len(plain)):
            assert found[row] == plain[row]
        with pytest.raises(IndexError):
            found[len(plain)]
        cut = data.draw(st.slices(len(plain)))
        assert list(found[cut]) == plain[cut]
        rows = data.draw(st.lists(st.integers(0, len(plain) - 1), max_size=6)) if plain else []
        found, plain = found.take(np.array(rows, dtype=np.int64)), [plain[row] for row in rows]


@pytest.mark.parametrize(
    "read", [lambda path: read_table(path, stream_above=-1), lambda path: scan_separated([path], CSV)]
)
@pytest.mark.parametrize("room", [0, 200, 20_000, -1])
def test_no_room_is_said_wherever_writing_ends(read: Callable[[Path], object], room: int, tmp_path: Path) -> None:
    """Also where the last bytes alone, -1, find none."""
    path = tmp_path / "rows.csv"
    path.write_text("text,label\n" + "good film,a\n" * 5_000)
    if room < 0:
        kept = read(path)
        room = next((tmp_path / "temporary").glob("*/rows.arrow")).stat().st_size + room
        del kept
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        with pytest.raises(DataError, match=r"temporary: no room for the rows of a table .*File too large"):
            read(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
