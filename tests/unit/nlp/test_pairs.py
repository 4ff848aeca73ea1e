"""Pairs of texts: from columns and lists, through the tokenizer, to batches and models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from console import fourfold

from fourfold.core.errors import DataError
from fourfold.core.objectives import shown_input
from fourfold.nlp import TextClassifier
from fourfold.nlp.data import SPECIAL, TextFeatures, TextFeaturesConfig, read

QUESTIONS = [f"is the {word} open" for word in ("shop", "bank", "bar", "zoo")] * 6
ANSWERS = ["yes, it is", "no", "no, it is closed", "yes"] * 6
KINDS = ["yes" if answer.startswith("yes") else "no" for answer in ANSWERS]
FRAME = pd.DataFrame({"question": QUESTIONS, "answer": ANSWERS, "label": KINDS})
PAIRS = list(zip(QUESTIONS, ANSWERS, strict=True))


def test_pairs_come_from_two_columns_or_a_list() -> None:
    for examples in (
        read(FRAME, input="question,answer"),
        read(FRAME, input=" question , answer "),
        read(PAIRS, KINDS),
    ):
        assert examples.inputs == PAIRS and examples.labels is not None and examples.labels.tolist() == KINDS
    assert read(FRAME, input="question,answer").columns == {"input": "question,answer", "label": "label"}
    assert read([list(pair) for pair in PAIRS]).inputs == PAIRS
    taken = read(FRAME, input="question,answer").take(np.array([3, 0]))
    assert taken.inputs == [PAIRS[3], PAIRS[0]] and shown_input(taken.inputs, 1) == "is the shop open | yes, it is"


def test_a_column_with_a_comma_in_its_name_is_one() -> None:
    table = FRAME.assign(**{"question,answer": ANSWERS})
    assert read(table, input="question,answer").inputs == ANSWERS


@pytest.mark.parametrize(
    ("input", "message"),
    [
        ("question,anser", "DataFrame: no column 'anser'; did you mean 'answer'?"),
        ("a,b,c", "DataFrame: no column 'a,b,c'; there is: question, answer, label"),
        ("question,", "DataFrame: no column 'question,'; did you mean 'question'?"),
    ],
)
def test_a_wrong_name_is_told(input: str, message: str) -> None:
    with pytest.raises(DataError) as error:
        read(FRAME, input=input)
    assert str(error.value) == message


def test_an_empty_side_is_an_error_of_its_row() -> None:
    table = FRAME.head(4).assign(question=["a", "", "c", ""], answer=["a", "b", " ", ""])
    why = "column '{}' is empty; fill it or remove the row"
    assert read(table, input="question,answer").errors == {
        1: why.format("question"),
        2: why.format("answer"),
        3: why.format("question"),
    }


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", "b"), "c"], "row 1: not a pair of texts; give each row as (a, b), two strings"),
        ([("a", "b", "c")], "row 0: not a pair of texts; give each row as (a, b), two strings"),
        ([("a", 1)], "row 0: not a pair of texts; give each row as (a, b), two strings"),
        (["a", ("b", "c")], "row 1: tuple, not a text; give a list of strings"),
        (["a", 1], "row 1: int, not a text; give a list of strings"),
    ],
)
def test_a_list_holds_texts_or_pairs(rows: list[object], message: str) -> None:
    with pytest.raises(DataError) as error:
        read(rows)
    assert str(error.value) == message


def test_a_batch_has_segments() -> None:
    examples = read(PAIRS, KINDS)
    features = TextFeatures.fit(examples, TextFeaturesConfig(min_frequency=1))
    batch = features.source(examples).batch(np.array([0, 1, 2]))
    ids, segments, keep = batch["ids"], batch["segments"], batch["keep"]
    assert ids.shape == segments.shape == keep.shape
    assert (segments[~keep] == 0).all() and (ids[~keep] == 0).all()
    for row in range(3):
        alone = features.tokenizer.encode(*PAIRS[row])
        size = len(alone.ids)
        assert ids[row, :size].tolist() == alone.ids and segments[row, :size].tolist() == alone.type_ids
        assert keep[row].sum() == size and alone.ids.count(SPECIAL.index("[SEP]")) == 2
    with pytest.raises(DataError) as error:
        features.source(read(QUESTIONS, KINDS))
    assert str(error.value) == "texts: the model was trained on pairs of texts, and these are single texts"
    alone = TextFeatures.fit(read(QUESTIONS, KINDS), TextFeaturesConfig(min_frequency=1))
    assert "segments" not in alone.source(read(QUESTIONS, KINDS)).batch(np.array([0]))
    with pytest.raises(DataError) as error:
        alone.source(examples)
    assert str(error.value) == "texts: the model was trained on single texts, and these are pairs of texts"


def test_a_model_of_pairs_is_trained_saved_and_used(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    run = tmp_path / "run"
    done = fourfold(
        "nlp", "train", tmp_path / "t.csv", "--input", "question,answer", "--out", run,
        "--preset", "tiny", "--set", "train.epochs=20", "--set", "train.optimizer.lr=0.003",
    )  # fmt: skip
    assert done.code == 0, done.err
    model = TextClassifier.load(run)
    assert model.score(PAIRS, KINDS) >= 0.9
    assert TextClassifier.load(run / "baseline").score(PAIRS, KINDS) >= 0.9
    predicted = fourfold("nlp", "predict", run, "--file", tmp_path / "t.csv")
    assert predicted.code == 0 and len(predicted.out.splitlines()) == 25
