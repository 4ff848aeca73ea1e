"""What `check` finds in texts, and what stops training before anything is written; every message word for word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from console import fourfold
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.batch import Examples
from fourfold.nlp import TextClassifier


def check(texts: list[Any], labels: list[Any] | None = None, test: tuple[list[str], list[str]] | None = None) -> Any:
    other = None if test is None else Examples(inputs=test[0], labels=np.array(test[1]), name="test")
    array = None if labels is None else np.array(labels, dtype=object if isinstance(labels[0], tuple) else None)
    empty = {row: "column 'text' is empty" for row, text in enumerate(texts) if not text}
    data = Examples(inputs=texts, labels=array, name="t", errors=empty)
    return TextClassifier().check(data, test=other)


def test_clean_data() -> None:
    found = check(["a good film", "bad", "so so"] * 1 + ["我爱 film"], ["p", "n", "n", "p"])
    assert found["counts"] == {"n": 2, "p": 2} and found["labels"] == 2 and found["rows"] == 4
    assert found["lengths"]["characters"] == {"min": 3, "median": 5, "95 %": 11, "max": 11}
    assert found["lengths"]["words"] == {"min": 1, "median": 2, "95 %": 3, "max": 3}
    assert (found["duplicates"], found["conflicts"], found["warnings"], found["fatal"]) == (0, [], [], [])


@pytest.mark.parametrize(
    ("texts", "labels", "warnings"),
    [
        (["a", "b", "a", "c", "a"], ["x", "y", "x", "y", "x"], ["t: 2 of 5 rows repeat the text of an earlier row"]),
        (
            ["a", "b", "a", "c", "d"],
            ["x", "y", "y", "x", "y"],
            [
                "t: 1 of 5 rows repeat the text of an earlier row",
                "t: 2 of 5 rows have the text of another row but another label (row 0, row 2); settle which is right",
            ],
        ),
        (["a", "b", "c"], ["x", "x", "y"], ["t: 1 class with one row only (y); add rows, or leave the class out"]),
        (
            list("abcdefgh"),
            list("xxmnopqr"),
            ["t: 6 classes with one row only (m, n, o, p, q, …); add rows, or leave the class out"],
        ),
        (["a", "b", "c", "d"], [0.5, 1.5, 2.5, 3.5], []),
        (
            ["a", "b"],
            [("x", "y"), ("x", "y", "z")],
            ["t: 1 class with one row only (z); add rows, or leave the class out"],
        ),
    ],
)
def test_warnings(texts: list[str], labels: list[Any], warnings: list[str]) -> None:
    found = check(texts, labels)
    assert found["warnings"] == warnings and found["fatal"] == []


FATAL: dict[str, tuple[list[str], list[str] | None, tuple[list[str], list[str]] | None, list[str]]] = {
    "no labels": (["a"], None, None, ["t: there are no labels; training needs one for each row"]),
    "one class": (["a", "b"], ["x", "x"], None, ["t: only one class ('x'); training needs two or more"]),
    "an empty row": (["a", "", "b", "c"], ["x", "y", "x", "y"], None, ["row 1: column 'text' is empty"]),
    "only empty rows": (
        ["", ""],
        ["x", "y"],
        None,
        ["row 0: column 'text' is empty", "t: every text is empty; name the column of texts with --input"],
    ),
    "conflicts": (
        ["a", "a", "b", "b", "c"],
        ["x", "y", "x", "y", "x"],
        None,
        [
            "t: 4 of 5 rows have the text of another row but another label (row 0, row 1, row 2, row 3); "
            "settle which is right"
        ],
    ),
    "the test is the training": (
        ["a", "b"],
        ["x", "y"],
        (["b", "a", "a"], ["y", "x", "x"]),
        ["test: holds the same texts as t; give rows that are not trained on"],
    ),
    "a new label in the test": (
        ["a", "b"],
        ["x", "y"],
        (["c"], ["z"]),
        ["test: label 'z' is not in t; add rows of it there, or leave it out"],
    ),
}


@pytest.mark.parametrize("case", FATAL)
def test_what_is_fatal(case: str) -> None:
    texts, labels, test, fatal = FATAL[case]
    assert check(texts, labels, test)["fatal"] == fatal


def test_what_test_and_training_share() -> None:
    found = check(["a", "b", "c", "d"], ["x", "y", "x", "y"], (["a", "e", "a"], ["x", "y", "x"]))
    assert found["test"] == {"data": "test", "rows": 3, "rows in both": 2} and found["fatal"] == []
    assert found["warnings"] == ["test: 2 of 3 texts are in t too; what is measured on them is too good"]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("xy")), min_size=1, max_size=12))
def test_duplicates_and_conflicts_against_a_loop(rows: list[tuple[str, str]]) -> None:
    found = check([text for text, _ in rows], [label for _, label in rows])
    labels: dict[str, set[str]] = {}
    for text, label in rows:
        labels.setdefault(text, set()).add(label)
    assert found["duplicates"] == len(rows) - len(labels)
    assert found["rows in conflict"] == sum(len(labels[text]) > 1 for text, _ in rows)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = [f"film number {k},{'good' if k % 2 else 'bad'}" for k in range(20)]
    (tmp_path / "t.csv").write_text("\n".join(["text,label", *rows, rows[0]]) + "\n")
    return tmp_path / "t.csv"


def test_a_person_reads_it(table: Path) -> None:
    done = fourfold("nlp", "check", table, "--test", table)
    assert done.code == 0 and done.out.splitlines() == [
        "data              t.csv",
        "rows              21",
        "encoding          UTF-8",
        "columns           input  text",
        "                  label  label",
        "labels            2",
        "counts            bad   11",
        "                  good  10",
        "test              data          t.csv",
        "                  rows          21",
        "                  rows in both  21",
        "rows in error     0",
        "errors            none",
        "notes             none",
        "lengths           characters  min 13, median 13, 95 % 14, max 14",
        "                  words       min 3, median 3, 95 % 3, max 3",
        "empty rows        0",
        "duplicates        1",
        "conflicts         none",
        "rows in conflict  0",
        "warnings          t.csv: 1 of 21 rows repeat the text of an earlier row",
        "fatal             t.csv: holds the same texts as t.csv; give rows that are not trained on",
    ]


def test_a_program_reads_it(table: Path) -> None:
    found = json.loads(fourfold("nlp", "check", table, "--json").out)
    assert found["duplicates"] == 1 and found["fatal"] == [] and found["lengths"]["words"]["max"] == 3


def test_training_stops_on_what_is_fatal_and_says_the_rest(table: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    done = fourfold("nlp", "train", table, "--test", table, "--out", run, "--preset", "linear")
    assert (done.code, done.out, run.exists()) == (2, "", False)
    assert done.err == "error: t.csv: holds the same texts as t.csv; give rows that are not trained on\n"
    done = fourfold("nlp", "train", table, "--out", run, "--preset", "linear", "--json")
    assert done.code == 0 and "t.csv: 1 of 21 rows repeat the text of an earlier row\n" in done.err
    assert json.loads(done.out)["run"] == str(run)
