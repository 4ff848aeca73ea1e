"""Tables go through every kind of file unchanged, and each row knows the line where it starts."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.tables import Table, is_table, read_table

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\r\t\x85"), max_size=12)
CELL = st.one_of(
    TEXT, st.text('",\n\r\t x', max_size=8), st.sampled_from(["", "NA", "null", "007", "1e5", "nan", "True"])
)
PLAIN = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8) | st.text(' ",x', max_size=6)
BLANK = st.lists(st.sampled_from(["", " ", "   ", " \t"]), max_size=3)
quick = settings(max_examples=60)


def read_bytes(name: str, raw: bytes) -> Table:
    """Write a file of that name, and read it as a table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        table = read_table(path)
        [table.place(row) for row in range(len(table.frame))]
    return table


def lists(table: Table) -> list[list[str]]:
    return [[str(cell) for cell in row] for row in table.frame.to_numpy()]


def quoted(cell: str, always: bool) -> str:
    needs = always or not cell.strip() or any(mark in cell for mark in '",\n\r')
    return '"' + cell.replace('"', '""') + '"' if needs else cell


@st.composite
def csv_files(draw: st.DrawFn) -> tuple[str, list[list[str]], list[int]]:
    """A CSV written by hand, with blank lines: its text, its cells, and the line where each row starts."""
    end = draw(st.sampled_from(["\n", "\r\n"]))
    width = draw(st.integers(1, 3))
    rows = draw(st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=6))
    text, starts = "", []
    for record in [[f"column {k}" for k in range(width)], *rows]:
        text += "".join(blank + end for blank in draw(BLANK))
        starts.append(1 + text.count("\n") + text.replace("\r\n", "").count("\r"))
        text += ",".join(quoted(cell, draw(st.booleans())) for cell in record) + end
    return text, rows, starts[1:]


@quick
@given(csv_files(), st.booleans(), st.booleans())
def test_csv_cells_and_lines(file: tuple[str, list[list[str]], list[int]], mark: bool, packed: bool) -> None:
    text, rows, starts = file
    name = "t.csv.gz" if packed else "t.csv"
    table = read_bytes(name, text.encode("utf-8-sig" if mark else "utf-8"))
    assert lists(table) == rows
    assert list(table.frame.columns) == [f"column {k}" for k in range(len(rows[0]))]
    assert [table.place(row) for row in range(len(rows))] == [f"{name}:{line}" for line in starts]


@quick
@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=6))
def test_what_pythons_writer_and_pandas_write_is_read(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["a", "b"], *rows])
    assert lists(read_bytes("t.csv", out.getvalue().encode())) == rows
    written = pd.DataFrame(rows, columns=["a", "b"]).to_csv(index=False, quoting=csv.QUOTE_ALL)
    assert lists(read_bytes("t.csv", written.encode())) == rows


@quick
@given(
    st.lists(st.tuples(PLAIN, PLAIN), min_size=1, max_size=6),
    BLANK,
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_tsv_cells_and_lines(rows: list[tuple[str, str]], blank: list[str], end: str, packed: bool) -> None:
    blank = [line.replace("\t", "") for line in blank]
    text = end.join(["a\tb", *blank, *("\t".join(row) for row in rows)])
    name = "t.tsv.gz" if packed else "t.tsv"
    table = read_bytes(name, text.encode())
    assert lists(table) == [list(row) for row in rows]
    assert [table.place(row) for row in range(len(rows))] == [f"{name}:{2 + len(blank) + k}" for k in range(len(rows))]


VALUE = st.one_of(TEXT, st.integers(-(2**53), 2**53), st.booleans(), st.none(), st.floats(allow_nan=False))


@quick
@given(st.lists(st.tuples(BLANK, VALUE), min_size=1, max_size=6), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_json_lines(rows: list[tuple[list[str], object]], end: str, ascii_only: bool) -> None:
    text, starts = "", []
    for blank, value in rows:
        text += "".join(line + end for line in blank)
        starts.append(1 + text.count("\n"))
        text += json.dumps({"v": value, "k": "x"}, ensure_ascii=ascii_only) + end
    table = read_bytes("t.jsonl.gz", text.encode("utf-8-sig"))
    assert [table.place(row) for row in range(len(rows))] == [f"t.jsonl.gz:{line}" for line in starts]
    missing = table.frame["v"].isna()
    for row, (_, value) in enumerate(rows):
        assert missing[row] if value is None else table.frame["v"][row] == value


@quick
@given(st.lists(st.tuples(TEXT, st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=6))
def test_parquet(rows: list[tuple[str, int]]) -> None:
    frame = pd.DataFrame(rows, columns=["a", "b"])
    raw = io.BytesIO()
    frame.to_parquet(raw)
    table = read_bytes("t.parquet", raw.getvalue())
    assert [tuple(row) for row in table.frame.itertuples(index=False)] == rows
    assert [table.place(row) for row in range(len(rows))] == [f"t.parquet:{1 + row}" for row in range(len(rows))]


def test_a_cell_may_be_a_whole_book() -> None:
    book = "word " * 60_000
    table = read_bytes("t.csv", f"text,label\n{book},a\n,b\n".encode())
    assert table.frame["text"][0] == book and table.place(1) == "t.csv:3"


def test_sloppy_quotes_are_read_as_pandas_reads_them() -> None:
    table = read_bytes("t.csv", b'a,b\n"x"y,1\nz"z",\n"\n",3\n,4\n')
    assert lists(table) == [["xy", "1"], ['z"z"', ""], ["\n", "3"], ["", "4"]]
    assert table.place(3) == "t.csv:6"


def test_a_frame_is_wrapped() -> None:
    frame = pd.DataFrame({"a": ["x", None, "z"]}, index=[7, 8, 9])
    table = read_table(frame)
    assert table.name == "DataFrame" and table.place(2) == "DataFrame row 2"
    assert table.frame.index.tolist() == [0, 1, 2] and frame.index.tolist() == [7, 8, 9]


def test_the_folder_of_a_file_is_known(tmp_path: Path) -> None:
    (tmp_path / "T.CSV").write_text("a\n1\n")
    table = read_table(str(tmp_path / "T.CSV"))
    assert table.folder == tmp_path and table.name == "T.CSV"


TABLES = ["x.csv", "x.TSV.gz", Path("x.jsonl"), "x.parquet", pd.DataFrame()]


@pytest.mark.parametrize("data", [*TABLES, "x.txt", "csv", ["x.csv"], "x.csv/images", None])
def test_what_a_table_is(data: object) -> None:
    assert is_table(data) is any(data is table for table in TABLES)


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        (["a", "b"], ["a", "b"]),
        ([1, 2], [1, 2]),
        (["1", "2"], ["1", "2"]),
        ([True, False], [True, False]),
        (["", None], None),
    ],
)
def test_a_column_of_labels(column: list[object], labels: list[object] | None) -> None:
    table = read_table(pd.DataFrame({"label": column, "text": ["x", "y"]}))
    found = table.label_column("label")
    assert (None if found is None else found.tolist()) == labels
    assert table.label_column("lable") is None
