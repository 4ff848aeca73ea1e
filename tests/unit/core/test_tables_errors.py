"""Every message about a table that cannot be used, word for word."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from bad_tables import CASES
from pyarrow import parquet

from fourfold.core.errors import DataError
from fourfold.core.tables import read_table
from fourfold.core.tables.scan import scan_parquet


@pytest.mark.parametrize("case", CASES)
def test_a_bad_file_is_refused(case: str, tmp_path: Path) -> None:
    name, raw, what = CASES[case]
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(DataError) as error:
        read_table(tmp_path / name)
    assert str(error.value) == name + what


def test_what_only_pandas_cannot_read_is_an_error_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No bytes are known that do it; its parser may run out of memory."""

    def read_csv(*_: object, **__: object) -> None:
        raise pd.errors.ParserError("Error tokenizing data. C error: out of memory")

    monkeypatch.setattr(pd, "read_csv", read_csv)
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError) as error:
        read_table(tmp_path / "t.csv")
    reason = "Error tokenizing data. C error: out of memory"
    assert str(error.value) == f"t.csv: no table can be read from it ({reason}); write it again"


def test_a_missing_file_is_named_in_full(tmp_path: Path) -> None:
    for path in (tmp_path / "t.csv", tmp_path):
        with pytest.raises(DataError) as error:
            read_table(path)
        assert str(error.value) == f"{path}: no such file; check the path"


def test_text_named_parquet(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"a,b\nx,1\n" * 9)
    with pytest.raises(DataError) as error:
        read_table(tmp_path / "t.parquet")
    first, rest = str(error.value).split("(", 1)
    assert first == "t.parquet: not a Parquet file " and rest.endswith("); write it again or give a CSV")
    assert "\n" not in rest


def test_texts_of_parquet_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame({"text": ["a word"] * 9}).to_parquet(path, compression=None, use_dictionary=False)
    path.write_bytes(path.read_bytes().replace(b"a word", b"a \xff\xferd"))
    with pytest.raises(DataError) as error:
        read_table(path)
    reason = "Column 0: In chunk 0: Invalid: Invalid UTF8 sequence at string index 0"
    assert str(error.value) == f"t.parquet: cannot be read ({reason}); copy or write the file again"


def test_notes_of_pandas_that_are_damaged(tmp_path: Path) -> None:
    """Whether a Parquet file is read whole or block by block."""
    path = tmp_path / "t.parquet"
    parquet.write_table(pa.table({"text": ["a word"]}, metadata={"pandas": "["}), path)
    with pytest.raises(DataError, match=r"^t\.parquet: cannot be read \(Expecting value"):
        read_table(path)
    with pytest.raises(DataError, match=r"^t\.parquet: not a Parquet file \(Expecting value"):
        scan_parquet([path])


def test_a_frame_without_rows() -> None:
    with pytest.raises(DataError) as error:
        read_table(pd.DataFrame({"a": []}))
    assert str(error.value) == "the DataFrame has no rows; give it at least one"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("txet", "; did you mean 'text'?"),
        ("zzz", "; there is: text, label"),
        ("Text", "; did you mean 'text'?"),
    ],
)
def test_an_unknown_column(name: str, hint: str) -> None:
    table = read_table(pd.DataFrame({"text": ["x"], "label": ["y"]}))
    with pytest.raises(DataError) as error:
        table.column(name)
    assert str(error.value) == f"DataFrame: no column '{name}'{hint}"


@pytest.mark.parametrize("empty", ["", "  ", "\n", None, float("nan")])
def test_an_empty_text_is_named(empty: object) -> None:
    table = read_table(pd.DataFrame({"text": ["x", "y", empty, empty]}))
    with pytest.raises(DataError) as error:
        table.text_column("text")
    assert str(error.value) == "DataFrame row 2: column 'text' is empty; fill it or remove the row"
    assert table.strings("text") == ["x", "y", *([empty if isinstance(empty, str) else ""] * 2)]
    with pytest.raises(DataError) as error:
        table.label_column("text")
    assert str(error.value) == "DataFrame row 2: column 'text' is empty; fill it or remove the row"


def test_an_empty_text_is_named_by_the_line_where_its_row_starts(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('text,label\n"two\nlines",a\n   \n"  ",b\n')
    with pytest.raises(DataError) as error:
        read_table(tmp_path / "t.csv").text_column("text")
    assert str(error.value) == "t.csv:5: column 'text' is empty; fill it or remove the row"


def test_numbers_become_their_text() -> None:
    assert read_table(pd.DataFrame({"text": [1, 2.5, True]}, dtype=object)).text_column("text") == [
        "1",
        "2.5",
        "True",
    ]


@pytest.mark.parametrize("names", [["a", "b", "a"], [1, "b", "1"]])
def test_two_columns_of_one_name(names: list[object]) -> None:
    with pytest.raises(DataError) as error:
        read_table(pd.DataFrame([[1, 2, 3]], columns=names))
    assert str(error.value) == f"DataFrame: two columns are named '{names[0]}'; rename one"


@pytest.mark.parametrize(("name", "mark"), [("t.csv", ","), ("t.tsv", "\t")])
def test_two_columns_of_one_name_in_a_file(name: str, mark: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(f"a{mark}label{mark}label\nx{mark}1{mark}1\n")
    with pytest.raises(DataError) as error:
        read_table(tmp_path / name)
    assert str(error.value) == f"{name}: two columns are named 'label'; rename one"
