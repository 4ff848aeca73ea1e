"""Tables on the disk come in blocks whose size does not hang on how the file was parsed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from fourfold.core.tables import CSV, scan, scan_separated


def test_small_batches_make_whole_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"a": [str(row) for row in range(1000)], "b": ["x"] * 1000})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    monkeypatch.setattr(scan, "_BLOCK_BYTES", 300)
    monkeypatch.setattr(scan, "BLOCK_ROWS", 400)
    table = scan_separated([tmp_path / "rows.csv"], CSV)
    blocks = list(table.blocks(["b", "a"]))
    assert len(blocks) == 3 and all(300 < len(block) <= 400 for block in blocks[:2])
    assert [row for block in blocks for row in block["a"]] == list(frame["a"])
    some = table.take(frame.index % 5 == 0)
    assert [len(block) for block in some.blocks()] == [200], "few rows of many batches are one block"


def test_a_column_without_a_name_is_called_as_pandas_calls_it(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1, 2], "b": [3, 4]}).to_csv(tmp_path / "index.csv")
    (tmp_path / "comma.csv").write_text("a,b,\n1,2,\n")
    for name in ("index.csv", "comma.csv"):
        expected = list(pd.read_csv(tmp_path / name).columns)
        assert list(scan_separated([tmp_path / name], CSV).columns) == expected


def test_a_byte_order_mark_is_nothing_to_tell(tmp_path: Path) -> None:
    (tmp_path / "marked.csv").write_bytes(b"\xef\xbb\xbfa,b\n1,2\n")
    found = scan_separated([tmp_path / "marked.csv"], CSV)
    assert found.columns == ("a", "b") and found.notes == ()
