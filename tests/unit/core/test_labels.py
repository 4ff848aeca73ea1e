"""Class names and their numbers, and every message about labels word for word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.batch import Examples
from fourfold.core.errors import DataError
from fourfold.core.labels import Classes, LabelSets, Numbers, as_labels, fit_labels, load_labels, save_labels


def labelled(labels: Any, **settings: Any) -> Examples:
    array = as_labels(labels)
    return Examples(inputs=list(range(len(array))), labels=array, **settings)


LABELS = st.one_of(
    st.lists(st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=4), min_size=2, max_size=12),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=2, max_size=12),
    st.lists(st.booleans(), min_size=2, max_size=12),
).filter(lambda labels: len(set(labels)) > 1)


@settings(max_examples=60)
@given(LABELS)
def test_encoding_against_a_sorted_list(labels: list[Any]) -> None:
    examples = labelled(labels)
    classes = Classes.fit(examples)
    assert list(classes.names) == sorted(set(labels)) and len(classes) == len(set(labels))
    assert [type(name) for name in classes.names] == [type(labels[0])] * len(classes)
    assert classes.encode(examples).tolist() == [sorted(set(labels)).index(label) for label in labels]
    assert classes.array()[classes.encode(examples)].tolist() == labels


@settings(max_examples=30)
@given(LABELS)
def test_labels_match_by_their_text(labels: list[Any]) -> None:
    classes = Classes.fit(labelled(labels))
    assert (classes.encode(labelled(list(map(str, labels)))) == classes.encode(labelled(labels))).all()


def test_without_labels_the_numbers_are_minus_one() -> None:
    assert Classes(("a", "b")).encode(Examples(inputs=["x", "y", "z"])).tolist() == [-1, -1, -1]


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (pd.Series(["a", "b"], index=[5, 3]), ["a", "b"]),
        (np.array(["a", 1], dtype=object), ["a", "1"]),
        (pd.Series([1, 2]), [1, 2]),
        ((True, False), [True, False]),
        (pd.Categorical(["b", "a"]), ["b", "a"]),
        ([], []),
    ],
)
def test_labels_come_as_many_things(labels: Any, found: list[Any]) -> None:
    assert as_labels(labels).tolist() == found


def test_labels_of_another_shape() -> None:
    with pytest.raises(DataError) as error:
        as_labels(np.array([["a", "b"], ["b", "c"]]))
    assert str(error.value) == "labels have the shape (2, 2); give one label a row"
    assert as_labels(np.array([[1], [0]])).tolist() == [1, 0], "one column is one label a row, as in scikit-learn"


def test_several_labels_are_encoded(tmp_path: Path) -> None:
    examples = Examples(inputs=["x"] * 4, labels=as_labels([["b", "a"], [], ["a"], ["b"]]))
    sets = fit_labels(examples)
    assert isinstance(sets, LabelSets) and sets.names == ("a", "b")
    assert sets.encode(examples).tolist() == [[1, 1], [0, 0], [1, 0], [0, 1]]
    save_labels(tmp_path, sets)
    assert load_labels(tmp_path) == sets
    joined = Examples(inputs=["x"], labels=np.array(["a | b"]))
    assert sets.encode(joined).tolist() == [[1, 1]]
    with pytest.raises(DataError) as error:
        sets.encode(Examples(inputs=["x"], labels=as_labels([("c",)])))
    assert str(error.value) == "row 0: label 'c' is not a class of the model; there is: a, b"


def test_numbers(tmp_path: Path) -> None:
    examples = Examples(inputs=["x"] * 3, labels=np.array([0.5, 1.5, 2.5]))
    numbers = fit_labels(examples)
    assert isinstance(numbers, Numbers) and (numbers.mean, round(numbers.deviation, 4)) == (1.5, 0.8165)
    save_labels(tmp_path, numbers)
    assert load_labels(tmp_path) == numbers
    with pytest.raises(DataError) as error:
        Numbers.fit(Examples(inputs=["x"] * 2, labels=np.array(["1", "one"])))
    assert str(error.value) == "row 1: label 'one' is not a number; mend it or remove the row"
    with pytest.raises(DataError) as error:
        Numbers.fit(Examples(inputs=["x"] * 2, labels=np.array([2.0, 2.0])))
    assert str(error.value) == "data: every label is 2; training needs two numbers or more"


@pytest.mark.parametrize(
    ("labels", "kind"),
    [([0, 1, 2], Classes), ([1.0, 2.0, 1.0], Classes), (["a", "b", "a"], Classes), ([True, False, True], Classes),
     ([0.1, 0.2, 0.5], Numbers), (["0.5", "1", "2"], Numbers), (["1", "2", "1"], Classes),
     (["1.5", "x", "2"], Classes), ([["a"], ["b"], []], LabelSets)],
)  # fmt: skip
def test_the_kind_of_labels_is_scikit_learns(labels: Any, kind: type) -> None:
    assert isinstance(fit_labels(Examples(inputs=["x"] * 3, labels=as_labels(labels))), kind)


@pytest.mark.parametrize(
    "labels",
    [
        [["b", "a"], ("a",), []],
        [("b", "a"), np.array(["a"]), []],
        pd.Series([["b", "a"], ["a", "a"], []], index=[4, 5, 6]),
        [["b", "a"], {"a"}, set()],
    ],
)
def test_several_labels_a_row(labels: Any) -> None:
    found = as_labels(labels)
    assert found.dtype == object and found.tolist() == [("b", "a"), ("a",), ()]


def test_several_labels_are_written_as_text() -> None:
    assert as_labels([[1, 2], [2.5]]).tolist() == [("1", "2"), ("2.5",)]
    assert as_labels([["a", "b"], ["c", "d"]]).tolist() == [("a", "b"), ("c", "d")]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([["a"], "b"], "labels: row 1: 'b' is no list of labels, as other rows have; give each row a list"),
        ([["a"], None], "labels: row 1: None is no list of labels, as other rows have; give each row a list"),
        ([["a"], ["b", None]], "labels: row 1: an empty label in the list; leave it out"),
        ([["a"], [float("nan")]], "labels: row 1: an empty label in the list; leave it out"),
        ([["a"], ["b|c"]], "labels: row 1: label 'b|c' holds '|', which joins labels in files; rename it"),
        ([["a"], [" "]], "labels: row 1: an empty label in the list; leave it out"),
    ],
)
def test_a_row_without_a_list_among_lists(labels: Any, message: str) -> None:
    with pytest.raises(DataError) as error:
        as_labels(labels)
    assert str(error.value) == message


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT])
@pytest.mark.parametrize("others", [["a", "b"], [1.0, 2.0]])
def test_a_missing_label_is_no_class(missing: Any, others: list[Any]) -> None:
    for labels in ([*others, missing], pd.Series([*others, missing], dtype=object)):
        with pytest.raises(DataError) as error:
            as_labels(labels)
        assert str(error.value) == "labels: row 2 has none; give one a row, or leave the row out"


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        (Examples(inputs=["x"], name="t.csv"), "t.csv: there are no labels; training needs one for each row"),
        (
            Examples(inputs=["x"], labels=np.array(["a", "b"]), name="t"),
            "t: 1 rows but 2 labels; give one a row",
        ),
        (
            Examples(inputs=["x", "y"], labels=np.array(["a", "a"])),
            "data: only one class ('a'); training needs two or more",
        ),
        (Examples(inputs=[], labels=np.array([])), "data: there are no rows; give at least one"),
    ],
)
def test_what_training_refuses(examples: Examples, message: str) -> None:
    with pytest.raises(DataError) as error:
        Classes.fit(examples)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("label", "hint"),
    [("spm", "; did you mean 'spam'?"), ("other", "; there is: ham, spam"), (1, "; there is: ham, spam")],
)
def test_an_unknown_label_is_named_with_its_place(label: Any, hint: str) -> None:
    examples = Examples(
        inputs=["x", "y"], labels=np.array(["ham", label], dtype=object), place=lambda row: f"t.csv:{row + 2}"
    )
    with pytest.raises(DataError) as error:
        Classes(("ham", "spam")).encode(examples)
    assert str(error.value) == f"t.csv:3: label '{label}' is not a class of the model{hint}"


def test_a_matrix_of_twelve_columns_keeps_their_order() -> None:
    labels = as_labels(np.eye(12, dtype=int))
    found = fit_labels(Examples(inputs=list("abcdefghijkl"), labels=labels))
    assert found.names == tuple(map(str, range(12)))
