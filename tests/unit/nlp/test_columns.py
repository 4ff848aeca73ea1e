"""Columns that nobody named: taken where it is plain which they are, and said so."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from console import fourfold

from fourfold.core.errors import DataError
from fourfold.nlp.data import read
from fourfold.nlp.data.columns import INPUTS, LABELS

TEXTS = [f"a film about the number {k}" for k in range(8)]
KINDS = [k % 2 for k in range(8)]


def frame(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(columns)


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (frame(text=TEXTS, label=KINDS, title=TEXTS, target=KINDS), ("text", "label")),
        (frame(id=KINDS, Review=TEXTS, STARS=KINDS), ("Review", "STARS")),
        (frame(sentence=TEXTS, label=KINDS), ("sentence", "label")),
        (frame(TEXT=TEXTS, Label=KINDS), ("TEXT", "Label")),
        (frame(a=TEXTS, b=KINDS), ("a", "b")),
        (frame(spam=["ham", "spam"] * 4, words=TEXTS), ("words", "spam")),
        (frame(text=TEXTS, kind=KINDS), ("text", "kind")),
        (frame(text=TEXTS, score=KINDS, stars=KINDS), ("text", None)),
        (frame(text=TEXTS, key=range(8)), ("text", None)),
        (frame(only=TEXTS), ("only", None)),
        (frame(text=TEXTS, id=KINDS, extra=KINDS), ("text", None)),
    ],
)
def test_what_is_taken(table: pd.DataFrame, columns: tuple[str, str | None]) -> None:
    examples = read(table)
    assert (examples.columns["input"], examples.columns.get("label")) == columns
    assert examples.inputs == TEXTS and (examples.labels is None) == (columns[1] is None)
    said = zip(columns, ("text", "label"), ("texts", "labels"), strict=True)
    assert examples.notes == tuple(
        f"DataFrame: column '{name}' is taken for the {role}"
        for name, default, role in said
        if name not in (default, None)
    )


@pytest.mark.parametrize("name", INPUTS)
def test_every_usual_name_of_texts(name: str) -> None:
    codes = [f"#{number}" for number in range(len(TEXTS))]
    assert read(frame(**{name.upper(): TEXTS, "label": KINDS, "x": codes})).columns["input"] == name.upper()


def test_a_second_column_of_texts_leaves_it_open() -> None:
    with pytest.raises(DataError) as error:
        read(frame(question=TEXTS, answer=TEXTS, label=KINDS))
    assert str(error.value).startswith("DataFrame: no column 'text'") and "--input" in str(error.value)
    assert read(frame(text=TEXTS, answer=TEXTS, label=KINDS)).columns["input"] == "text"


def test_numbered_columns() -> None:
    table = pd.DataFrame([[text, kind] for text, kind in zip(TEXTS, KINDS, strict=True)])
    assert read(table, input="0", label="1").inputs == list(TEXTS)


@pytest.mark.parametrize("name", LABELS)
def test_every_usual_name_of_labels(name: str) -> None:
    assert read(frame(text=TEXTS, x=KINDS, **{name.title(): KINDS})).columns["label"] == name.title()


@pytest.mark.parametrize(
    ("table", "what"),
    [
        (frame(review=TEXTS, title=TEXTS, label=KINDS), ", and several may be meant (review, title)"),
        (frame(a=TEXTS, b=TEXTS), "; there is: a, b"),
        (frame(a=TEXTS, b=KINDS, c=KINDS), "; there is: a, b, c"),
        (frame(a=KINDS, label=KINDS), "; there is: a, label"),
    ],
)
def test_what_is_not_plain_is_asked(table: pd.DataFrame, what: str) -> None:
    with pytest.raises(DataError) as error:
        read(table)
    assert str(error.value) == f"DataFrame: no column 'text'{what}; name the one to read with --input"


def test_a_named_column_stands(tmp_path: Path) -> None:
    table = frame(text=TEXTS, review=TEXTS, label=KINDS, stars=KINDS[::-1])
    examples = read(table, input="review", label="stars")
    assert examples.columns == {"input": "review", "label": "stars"} and examples.notes == ()
    with pytest.raises(DataError) as error:
        read(table, input="texts")
    assert str(error.value) == "DataFrame: no column 'texts'; did you mean 'text'?"


def test_given_labels_leave_the_table_alone() -> None:
    examples = read(frame(review=TEXTS, stars=KINDS), ["a", "b"] * 4)
    assert examples.columns == {"input": "review"}
    assert examples.labels is not None and examples.labels.tolist() == ["a", "b"] * 4


def test_a_trained_model_reads_the_columns_that_it_was_trained_on(tmp_path: Path) -> None:
    table = frame(Review=TEXTS, stars=KINDS)
    table.to_csv(tmp_path / "t.csv", index=False)
    trained = fourfold("nlp", "train", tmp_path / "t.csv", "--preset", "linear", "--out", tmp_path / "run")
    assert trained.code == 0 and "t.csv: column 'Review' is taken for the texts\n" in trained.err, trained.err
    table.assign(text="other", label="other").to_csv(tmp_path / "more.csv", index=False)
    measured = fourfold("nlp", "eval", tmp_path / "run", tmp_path / "more.csv")
    assert measured.code == 0, measured.err


def test_labels_that_are_not_plain_are_asked_for(tmp_path: Path) -> None:
    frame(text=TEXTS, a=KINDS, b=KINDS).to_csv(tmp_path / "t.csv", index=False)
    done = fourfold("nlp", "train", tmp_path / "t.csv", "--out", tmp_path / "run")
    assert (done.code, done.err) == (
        2,
        "error: t.csv: no column 'label'; there is: text, a, b; name the one to read with --label\n",
    )
