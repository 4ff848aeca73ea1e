"""JSON files: their rows, the line of each, and every message word for word."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.errors import DataError
from fourfold.core.tables import Table, read_table

VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
ROWS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "data"]), VALUE, min_size=1), min_size=1, max_size=5)


def read(text: str) -> Table:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.json"
        path.write_text(text, encoding="utf-8")
        return read_table(path)


@settings(max_examples=80)
@given(ROWS, st.sampled_from([None, 0, 2]), st.dictionaries(st.text(max_size=4), VALUE, max_size=2), st.booleans())
def test_rows_and_lines(
    rows: list[dict[str, object]], indent: int | None, more: dict[str, object], inside: bool
) -> None:
    whole = more | {"data": rows} if inside else rows
    text = json.dumps(whole, indent=indent, ensure_ascii=False)
    table = read(text)
    assert len(table.frame) == len(rows)
    for row, values in enumerate(rows):
        for name, value in values.items():
            found = table.frame[name][row]
            assert pd.isna(found) if value is None else found == value
    starts = [int(table.place(row).removeprefix("t.json:")) for row in range(len(rows))]
    lines = text.split("\n")
    assert starts == sorted(starts) and all("{" in lines[start - 1] for start in starts)
    assert indent is None or inside or starts[0] == 2


LIST = 'no list of objects; write [{"text": …}, …] or {"data": [{"text": …}, …]}'
MEND = "mend it, or write one object a line"
CASES = {
    '[{"a": 1},\n {"a" 2}]': f"t.json:2: not JSON (Expecting ':' delimiter, column 7); {MEND}",
    '{"a": 1}': f"t.json: {LIST}",
    '"text"': f"t.json: {LIST}",
    '{"data": {"a": 1}}': f"t.json: {LIST}",
    '[{"a": 1},\n\n 7]': "t.json:3: not a JSON object; make each row an object",
    "[" * 100_000: "t.json: JSON nested too deeply to be read; write one flat object a row",
    f'[{{"a": {"9" * 5000}}}]': (
        "t.json: not JSON (Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits); "
        "mend it"
    ),
    '[{"a": "\\udc00"}]': (
        "t.json: half a character (a lone surrogate, \\ud800 to \\udfff); write the file again, as UTF-8"
    ),
    "[]": "t.json: the file has no rows; it needs a header and at least one row",
}


@pytest.mark.parametrize("text", CASES, ids=lambda text: text[:20])
def test_what_is_refused(text: str) -> None:
    with pytest.raises(DataError) as error:
        read(text)
    assert str(error.value) == CASES[text]


def test_lines_that_are_called_json() -> None:
    table = read('\n{"a": 1}\n\n{"a": "x", "data": []}\n')
    assert table.frame["a"].tolist() == [1, "x"] and table.place(1) == "t.json:4"
    with pytest.raises(DataError) as error:
        read('{"a": 1}\n{"a": ')
    assert str(error.value).startswith("t.json:2: not JSON (")
