"""Names out of data that would run in a spreadsheet, steer a terminal or script a page."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from console import fourfold

from fourfold.core.report import plain_json
from fourfold.core.rows import cell

FORMULA, SCRIPT, ESCAPE = "=cmd()|'/c calc'!A1", "<script>alert(1)</script>", "\x1b[31mred\x1b[0m"


@pytest.mark.parametrize("text", [FORMULA, "+1+cmd()", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1+1"])
def test_a_formula_becomes_a_text(text: str) -> None:
    assert cell(text) == f"'{text}" and cell((text, "b")) == f"'{text}|b"


@pytest.mark.parametrize("value", ["-1", "+1.5", "-1e-3", "-inf", -1, -0.5, "a=b", "film", "", "a-b"])
def test_numbers_and_plain_texts_stay(value: object) -> None:
    assert cell(value) == value


def test_what_steers_a_terminal_is_written_out_in_json() -> None:
    text = "\x1b[31m\x7f\x9b31m\u202e\u2028\ud800"
    assert plain_json([text, "é中"]) == '["\\u001b[31m\\u007f\\u009b31m\\u202e\\u2028\\ud800", "é中"]'
    assert json.loads(plain_json([text])) == [text]


def test_class_names_do_no_harm(tmp_path: Path) -> None:
    texts = {FORMULA: "a good fine film", SCRIPT: "a poor dull evening", ESCAPE: "three red apples here"}
    rows = [(f"{text} {number}", name) for number in range(8) for name, text in texts.items()]
    with (tmp_path / "t.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    run = tmp_path / "run"
    trained = fourfold("nlp", "train", tmp_path / "t.csv", "--out", run, "--preset", "linear", "--valid", "0.3")
    assert trained.code == 0 and "\x1b" not in trained.out + trained.err, trained
    for page in run.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text and "\x1b" not in text and "&lt;script&gt;alert(1)" in text
    done = fourfold("nlp", "predict", run, "--file", tmp_path / "t.csv", "--out", tmp_path / "out.csv")
    assert done.code == 0, done.err
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert [row["label"] for row in found[:3]] == [f"'{FORMULA}", SCRIPT, ESCAPE]
    assert all(float(row["probability"]) > 0.3 for row in found)
    (tmp_path / "other.csv").write_text(f"text,label\n{'a good film ' * 20},{ESCAPE}z\n", encoding="utf-8")
    wrong = fourfold("nlp", "eval", run, tmp_path / "other.csv")
    assert wrong.code == 2 and wrong.err.startswith(
        "error: other.csv:2: label '\\x1b[31mred\\x1b[0mz' is not a class of the model; did you mean '\\x1b[31mred"
    )
