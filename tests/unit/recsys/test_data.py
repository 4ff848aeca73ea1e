"""Reading click tables, inferring fields, encoding cells, and what the messages say."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from fourfold.core.batch import Draw, Examples
from fourfold.core.config import from_dict
from fourfold.core.errors import ArtifactError, ConfigError, DataError
from fourfold.recsys.data import Categorical, ClickFeatures, ClickFeaturesConfig, Numeric, read
from fourfold.recsys.data.cells import parse_numbers
from fourfold.recsys.data.kinds import infer_kinds
from fourfold.recsys.data.schema import infer_kind, place_knots

CSV = "age,job,user_id,label\n30,nurse,7,no\n41,,8,yes\n,baker,7,no\n52,baker,9,yes\n"
ALL = ClickFeaturesConfig(min_count=1, field_dropout=0.0)


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "train.csv"
    path.write_text(CSV)
    return path


def learned(column: pd.Series, config: ClickFeaturesConfig, blocks: int = 1) -> Categorical:
    """A categorical field that was shown a column in blocks."""
    learning = Categorical.learn(str(column.name), config)
    for part in np.array_split(np.arange(len(column)), blocks):
        learning.add(column.iloc[part], np.ones(len(part), np.bool_))
    field = learning.done()
    assert isinstance(field, Categorical)
    return field


def names(*values: str) -> pa.LargeStringArray:
    return pa.array(values, pa.large_string())


def table(**columns: list[object]) -> Examples:
    frame = pd.DataFrame(columns)
    return read(frame, [0, 1] * (len(frame) // 2) + [0] * (len(frame) % 2))


def test_every_kind_of_file_is_encoded_alike(csv: Path, tmp_path: Path) -> None:
    frame = pd.DataFrame({"age": [30, 41, None, 52], "job": ["nurse", None, "baker", "baker"], "user_id": [7, 8, 7, 9]})
    frame["label"] = ["no", "yes", "no", "yes"]
    (tmp_path / "train.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    (tmp_path / "train.tsv").write_text(CSV.replace(",", "\t"))
    frame.to_parquet(tmp_path / "train.parquet")
    frame.to_json(tmp_path / "train.jsonl", orient="records", lines=True)
    features = ClickFeatures.fit(read(csv), ALL)
    expected = features.source(read(csv))
    others = [read(tmp_path / f"train.{kind}") for kind in ("csv.gz", "tsv", "parquet", "jsonl")]
    for examples in [*others, read(frame), read(frame.drop(columns="label"), frame["label"])]:
        source = ClickFeatures.fit(examples, ALL).source(examples)
        assert source.ids.tolist() == expected.ids.tolist()
        assert source.position.tolist() == expected.position.tolist()
        assert source.labels.tolist() == [0, 1, 0, 1]
        assert features.source(examples).ids.tolist() == expected.ids.tolist()


def test_categorical_fields_come_first_and_ids_are_categorical(csv: Path) -> None:
    features = ClickFeatures.fit(read(csv), ALL)
    assert features.names == ["job", "user_id", "age"]
    assert features.sizes == [1 + 1 + 2, 1 + 1 + 3, 1 + 3]
    assert features.bins == [2]
    # A missing job is 0; a missing age is id 0 at position 0; ids go by frequency.
    assert features.source(read(csv)).ids.tolist() == [[3, 2, 1], [0, 3, 2], [2, 2, 0], [2, 4, 3]]
    assert features.source(read(csv)).position.ravel().tolist() == [0, 1, 0, 2]


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("age", ["1", "2.5", "", "?", "NA", "-1e3"], "numeric"),
        ("code", ["007", "12", "13"], "categorical"),
        ("share", ["0.5", "0", "-0.25"], "numeric"),
        ("job", ["nurse", "12"], "categorical"),
        ("empty", ["", ""], "categorical"),
        ("user_id", [1, 2, 3], "categorical"),
        ("userId", [1, 2, 3], "categorical"),
        ("id", ["1", "2"], "categorical"),
        ("paid", [1, 2, 3], "numeric"),
        ("flag", [True, False], "categorical"),
        ("when", pd.to_datetime(["2026-01-01", "2026-01-02"]), "numeric"),
        ("kind", pd.Categorical([1, 2]), "categorical"),
    ],
)
def test_kinds(name: str, cells: list[object], kind: str) -> None:
    column = pd.Series(cells, name=name)
    assert infer_kind(column, ALL) == kind
    assert infer_kind(column, ClickFeaturesConfig(categorical=(name,))) == "categorical"
    assert infer_kind(column, ClickFeaturesConfig(numeric=(name,))) == "numeric"


@given(st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=1, max_size=30), st.integers(1, 4))
def test_known_categories_come_back(cells: list[str | None], blocks: int) -> None:
    column = pd.Series(cells, dtype=object, name="job")
    field = learned(column, ALL, blocks)
    assert field == learned(column, ALL)
    assert field.decode(field.encode(column)) == [cell or None for cell in cells]
    assert field.size == 2 + len({cell for cell in cells if cell})


@given(st.lists(st.text(min_size=1, max_size=3), min_size=1, max_size=20), st.integers(1, 7))
def test_unseen_categories_get_the_ids_kept_for_them(cells: list[str], unseen: int) -> None:
    field = Categorical(name="job", values=names("nurse", "baker"), unseen=unseen)
    ids = field.encode(pd.Series(cells, dtype=object))
    assert ((ids >= 1) & (ids <= unseen)).all()
    assert (ids == field.encode(pd.Series(cells, dtype=object))).all()
    assert field.encode(pd.Series(["baker", None])).tolist() == [2 + unseen, 0]


def test_rare_and_surplus_categories_count_as_unseen() -> None:
    column = pd.Series(["a"] * 5 + ["b"] * 3 + ["c"] * 2 + ["d"])
    assert learned(column, ClickFeaturesConfig(min_count=2), blocks=3).values == names("a", "b", "c")
    assert learned(column, ClickFeaturesConfig(min_count=1, max_values=2), blocks=3).values == names("a", "b")


def test_a_field_may_have_hashes_in_the_place_of_a_vocabulary() -> None:
    column = pd.Series([f"user {number}" for number in range(2000)], name="x")
    field = learned(column, ClickFeaturesConfig(hashed=50))
    ids = field.encode(column)
    assert field.size == 51 and len(field.values) == 0 and set(ids.tolist()) == set(range(1, 51))
    assert field.encode(column[::-1])[::-1].tolist() == ids.tolist(), "a hash depends on the value alone"
    assert np.bincount(ids)[1:].max() < 80


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"user": [1, 2, 3], "item": [4, 5, 4], "hour": [6, 7, 6]}, "categorical"),
        ({"age": [20, 40, 60], "year": [1999, 2000, 2010], "sold": [0, 3, 5]}, "numeric"),
        ({"user": [1, 2, 3], "item": [4, 5, 4], "hour": [3, 7, 6]}, "numeric"),
        ({"user": [1, 2, 3], "item": [4, 5, 4], "price": [6.5, 7, 6]}, "numeric"),
        ({"user": [1, 2, 3], "item": [4, 5, 4], "hour": [6, 7, None]}, "numeric"),
        ({"user": [1, 2, 3], "item": [4, 5, 4]}, "numeric"),
    ],
)
def test_codes_of_one_numbering_are_names(columns: dict[str, list[float]], kind: str) -> None:
    """As in the sets of `reczoo`, where the values of all fields are numbered in one row."""
    assert set(infer_kinds(pd.DataFrame(columns), ALL).values()) == {kind}


@given(
    st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=60),
    st.integers(1, 8),
    st.floats(allow_infinity=True, allow_nan=True),
)
def test_numbers_lie_between_their_knots(values: list[float], bins: int, number: float) -> None:
    knots = place_knots(np.array(values), bins)
    assert (np.diff(knots) > 0).all()
    assert set(knots) <= set(values)
    field = Numeric(name="age", knots=tuple(knots))
    probe = np.array([number])
    (identity,), (position,) = field.encode(probe)
    if np.isnan(number):
        assert (identity, position) == (0, 0)
        return
    below = max(0, int(np.searchsorted(knots, number, side="right")) - 1)
    assert identity == 1 + below < field.size
    assert below <= position < below + 1


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60))
def test_positions_keep_the_order(values: list[float]) -> None:
    numbers = np.sort(np.array(values))
    field = Numeric(name="age", knots=tuple(place_knots(numbers, 4)))
    assert (np.diff(field.encode(numbers)[1]) >= 0).all()


def test_a_spike_does_not_swallow_the_tail() -> None:
    gains = np.concatenate([np.zeros(9000), np.arange(1, 1001)])
    knots = place_knots(gains, 10)
    assert len(knots) == 11
    assert knots[:2].tolist() == [0, 1]
    assert knots[-1] == 1000
    assert place_knots(np.array([np.nan]), 10).tolist() == [0]


def test_dates_count_in_days() -> None:
    numbers, wrong = parse_numbers(pd.Series(pd.to_datetime(["1970-01-02 00:00", None, "1970-01-03 12:00"])))
    assert np.array_equal(numbers, [1, np.nan, 2.5], equal_nan=True)
    assert not wrong.any()


def test_saved_features_encode_alike(csv: Path, tmp_path: Path) -> None:
    examples = read(csv)
    features = ClickFeatures.fit(examples, ALL)
    features.save(tmp_path)
    loaded = ClickFeatures.load(tmp_path, ALL)
    assert loaded == features
    assert ClickFeatures.load(tmp_path).source(examples).ids.tolist() == features.source(examples).ids.tolist()


def test_saved_features_that_are_missing_or_damaged(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    with pytest.raises(ArtifactError) as caught:
        ClickFeatures.load(tmp_path)
    assert str(caught.value) == f"{path}: no such file; save the model again"
    save_file({}, tmp_path / "vocabularies.safetensors")
    path.write_text('{"fields": [{"kind": "numeric"}], "classes": [0, 1]}')
    with pytest.raises(ArtifactError) as caught:
        ClickFeatures.load(tmp_path)
    assert str(caught.value) == f"{path}: a damaged schema ('name'); save the model again"


@pytest.mark.parametrize(
    ("labels", "positive"),
    [
        (["no", "yes"], "yes"),
        (["<=50K", ">50K"], ">50K"),
        ([1.0, 0.0], "1"),
        ([True, False], "True"),
        (["click", "nothing"], "click"),
    ],
)
def test_the_positive_label(labels: list[object], positive: str) -> None:
    features = ClickFeatures.fit(read(pd.DataFrame({"a": [1, 2]}), labels), ALL)
    assert str(features.classes.names[-1]) == positive
    chosen = ClickFeatures.fit(read(pd.DataFrame({"a": [1, 2]}), ["no", "yes"]), ClickFeaturesConfig(positive="no"))
    assert chosen.classes.names == ("yes", "no")


def test_batches_gather_rows_and_hide_cells_in_training(csv: Path) -> None:
    examples = read(csv)
    hiding = ClickFeaturesConfig(min_count=1, field_dropout=0.5)
    source = ClickFeatures.fit(examples, hiding).source(examples, training=True)
    rows = np.array([3, 0, 3])
    plain = source.batch(rows)
    assert plain["ids"].tolist() == source.ids[rows].tolist()
    assert plain["label"].tolist() == [1, 0, 1]
    hidden = [source.batch(rows, Draw(0, epoch)) for epoch in range(300)]
    ids = np.stack([batch["ids"].numpy() for batch in hidden])
    drawn = ids != source.ids[rows]
    assert abs(drawn.mean() - 0.5) < 0.05
    assert set(ids[..., :2][drawn[..., :2]]) == {1}  # names become unseen
    assert set(ids[..., 2][drawn[..., 2]]) == {0}  # numbers become missing, and lose their position
    positions = np.stack([batch["position"].numpy() for batch in hidden])[..., 0]
    assert (positions[drawn[..., 2]] == 0).all()
    assert (positions[~drawn[..., 2]] == np.broadcast_to(source.position[rows, 0], (300, 3))[~drawn[..., 2]]).all()
    assert (source.batch(rows, Draw(0, 1))["ids"] == source.batch(rows, Draw(0, 1))["ids"]).all()
    assert (source.ids == ClickFeatures.fit(examples, hiding).source(examples).ids).all()


def test_without_labels_there_is_prediction_but_no_training(csv: Path) -> None:
    examples = read(csv)
    features = ClickFeatures.fit(examples, ALL)
    unlabelled = read(examples.inputs)
    assert np.isnan(features.source(unlabelled).labels).all()
    for train in (lambda: features.source(unlabelled, training=True), lambda: ClickFeatures.fit(unlabelled, ALL)):
        with pytest.raises(DataError) as caught:
            train()
        assert str(caught.value) == "DataFrame: there are no labels; training needs one for each row"


def message(tmp_path: Path, text: str, features: ClickFeatures | None = None) -> str:
    path = tmp_path / "test.csv"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        examples = read(path)
        features.source(examples) if features else ClickFeatures.fit(examples, ALL)
    return str(caught.value)


def test_messages_in_training(tmp_path: Path) -> None:
    many = "".join(f"{n},{n % 2}\n" for n in range(30))
    assert (
        message(tmp_path, f"age,label\n{many}abc,1\n")
        == "test.csv:32: column 'age': 'abc' is not a number; mend it or leave it empty"
    )
    assert (
        message(tmp_path, "age,label\n1,no\n2,yes\n3,maybe\n")
        == "test.csv:3: 'yes' is a third label beside 'maybe' and 'no'; clicks need two, such as 0 and 1"
    )
    assert message(tmp_path, "age,label\n1,0\n2,\n") == "test.csv:3: column 'label' is empty; fill it or remove the row"
    assert message(tmp_path, "label\n0\n1\n") == "test.csv: no columns beside 'label'; a model needs at least one"
    assert message(tmp_path, "age,label\n1,0\n2,0\n") == "test.csv: only one class ('0'); training needs two or more"


def test_messages_in_prediction(csv: Path, tmp_path: Path) -> None:
    features = ClickFeatures.fit(read(csv), ALL)
    assert (
        message(tmp_path, "Age,job,user_id\n1,a,2\n", features)
        == "test.csv: no column 'age', which the model was trained on; did you mean 'Age'?"
    )
    assert (
        message(tmp_path, "age,job,user_id\n1,a,2\nold,a,2\n", features)
        == "test.csv:3: column 'age': 'old' is not a number; mend it or leave it empty"
    )
    assert (
        message(tmp_path, "age,job,user_id,label\n1,a,2,no\n1,a,2,perhaps\n", features)
        == "test.csv:3: label 'perhaps' is not a class of the model; there is: no, yes"
    )


def test_a_check_names_bad_rows_and_leaves_the_others(csv: Path, tmp_path: Path) -> None:
    features = ClickFeatures.fit(read(csv), ALL)
    path = tmp_path / "test.csv"
    path.write_text("age,job,user_id,note\n1,a,2,x\nold,a,2,y\n")
    examples = features.check(read(path))
    assert examples.errors == {1: "column 'age': 'old' is not a number; mend it or leave it empty"}
    assert features.source(examples).ids[1, 2] == 0
    assert features.unused(examples) == ["note"]


def test_messages_of_tables() -> None:
    with pytest.raises(DataError) as caught:
        read(pd.DataFrame({"a": [1, 2]}), [0])
    assert str(caught.value) == "DataFrame: 2 rows but 1 labels; give one a row"
    with pytest.raises(DataError) as caught:
        read(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    assert str(caught.value) == "DataFrame: two columns are named 'a'; rename one"
    with pytest.raises(DataError) as caught:
        ClickFeatures.fit(table(tags=[["x"], ["y"]]), ALL)
    assert (
        str(caught.value)
        == "column 'tags' holds lists or objects; name it in features.several, or give it text or numbers"
    )


def test_messages_of_settings() -> None:
    def said(values: dict[str, object]) -> str:
        with pytest.raises(ConfigError) as caught:
            ClickFeatures.fit(table(age=[1, 2]), from_dict(ClickFeaturesConfig, values))
        return str(caught.value)

    assert said({"min_count": 0}) == "features.min_count (0) must be 1 or above"
    assert said({"field_dropout": 1}) == "features.field_dropout (1.0) must lie in [0, 1)"
    assert said({"numeric": "a,b", "categorical": "b"}) == (
        "features.categorical and features.numeric both name 'b'; choose one"
    )
    assert said({"numeric": "agee"}) == "features: DataFrame has no column 'agee'; did you mean 'age'?"
    assert said({"positive": "2"}) == "features.positive: no label is '2'; there is: 0, 1"
