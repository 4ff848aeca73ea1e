"""Bags and behaviour sequences: cut, encoded, embedded, learned from, saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fourfold.core.batch import Batch
from fourfold.core.config import override
from fourfold.core.errors import ConfigError, DataError
from fourfold.core.nn import TransformerConfig
from fourfold.recsys.baselines.logistic import one_hot
from fourfold.recsys.config import PRESETS
from fourfold.recsys.data import Categorical, ClickFeatures, ClickFeaturesConfig, ListShape, read
from fourfold.recsys.data.lists import Several, pieces
from fourfold.recsys.model import ClickModel, ClickModelConfig
from fourfold.recsys.pipeline import ClickPredictor

RANDOM = np.random.default_rng(0)
CONFIG = ClickFeaturesConfig(min_count=1, field_dropout=0.0, several=("tags",), sequences=("history:item",), most=3)


def table(rows: int = 600) -> tuple[pd.DataFrame, np.ndarray]:
    """A click follows where the item was among the last three that the user saw."""
    item, seen = RANDOM.integers(0, 12, rows), RANDOM.integers(0, 12, (rows, 3))
    seen[: rows // 2, 2] = item[: rows // 2]
    order = RANDOM.permutation(rows)
    frame = pd.DataFrame(
        {
            "item": [f"i{one}" for one in item],
            "history": ["|".join(f"i{one}" for one in row) for row in seen],
            "tags": [[f"t{one % 3}", "new"] if one % 2 else [] for one in item],
        }
    )
    return frame.iloc[order].reset_index(drop=True), (seen == item[:, None]).any(1).astype(int)[order]


@given(st.lists(st.none() | st.lists(st.sampled_from(["a", "b", "?"]), max_size=5), min_size=1, max_size=20))
def test_the_last_values_count(cells: list[list[str] | None]) -> None:
    field = Categorical(name="x", values=pa.array(["a", "b"], pa.large_string()))
    several = Several(name="x", field=field, most=3)
    numbers = {"a": 2, "b": 3, "?": 1}
    expected = [[numbers[one] for one in (cell or [])[-3:]] for cell in cells]
    padded = [row + [0] * (3 - len(row)) for row in expected]
    assert several.encode(pd.Series(cells, dtype=object)).tolist() == padded
    texts = pd.Series([None if cell is None else "|".join(cell) for cell in cells], dtype=object)
    assert several.encode(texts).tolist() == padded


def test_cells_of_arrow_and_of_python_are_cut_alike() -> None:
    lists = [["a", "b"], None, [], ["c"]]
    arrow = pd.Series(pa.array(lists), dtype=pd.ArrowDtype(pa.list_(pa.string())))
    for column in (pd.Series(lists), arrow, pd.Series(["a|b", None, "", "c"])):
        values, lengths = pieces(column)
        assert values.tolist() == ["a", "b", "c"] and lengths.tolist() == [2, 0, 0, 1]


def test_a_sequence_has_the_ids_of_its_field(tmp_path: Path) -> None:
    frame, labels = table()
    examples = read(frame, labels)
    features = ClickFeatures.fit(examples, CONFIG)
    assert features.names == ["item"] and features.columns == ["item", "tags", "history"]
    assert features.shapes == [ListShape(-6, 3, ordered=False), ListShape(0, 3, ordered=True)]
    source = features.source(examples)
    item, history = features.fields[0], source.lists[:, 3:]
    assert isinstance(item, Categorical)
    assert [item.decode(row) for row in history[:9]] == [cell.split("|") for cell in frame["history"][:9]]
    features.save(tmp_path)
    again = ClickFeatures.load(tmp_path, CONFIG)
    assert again == features and (again.source(examples).table == source.table).all()
    assert features.grown(examples) == features
    matrix = one_hot(source, features)
    assert matrix.shape[1] == item.size + 6 + item.size
    assert matrix[0, item.size + 6 :].sum() == len(set(frame["history"][0].split("|")))


def model(**settings: Any) -> ClickModel:
    torch.manual_seed(0)
    config = ClickModelConfig(encoder=TransformerConfig(width=8, num_layers=2, num_heads=2, dropout=0.0), **settings)
    return ClickModel(config, [5, 4], [3], ["a", "b"], [ListShape(0, 3, True), ListShape(-6, 2, False)]).eval()


def batch(lists: list[list[int]]) -> Batch:
    rows = len(lists)
    tensors = {"ids": torch.tensor([[2, 1]] * rows), "position": torch.full((rows, 1), 0.5)}
    return Batch(tensors | {"lists": torch.tensor(lists, dtype=torch.int32)})


@pytest.mark.parametrize("pooling", ["first", "mean"])
def test_what_is_behind_a_list_does_not_matter_and_the_order_of_a_sequence_does(pooling: Any) -> None:
    whole = model(pooling=pooling)
    torch.nn.init.ones_(whole.gain)
    one, other, turned, bag = whole(batch([[2, 3, 0, 4, 0], [2, 3, 1, 4, 0], [3, 2, 0, 4, 0], [2, 3, 0, 5, 0]]))
    alone = whole(batch([[2, 3, 0, 4, 0]]))
    assert torch.allclose(alone, one[None], atol=1e-6), "padding of other rows is not seen"
    assert (torch.stack([other, turned, bag]) - one).abs().min() > 1e-4
    assert torch.isfinite(whole(batch([[0, 0, 0, 0, 0]]))).all()


def test_a_list_alone_is_the_mean_of_its_rows() -> None:
    whole = model()
    assert whole.embedding is not None
    rows = whole.embedding.table.embedding.weight
    v = whole.embedding(batch([[2, 3, 0, 4, 0]]))[0]
    assert torch.allclose(v[2], rows[[2, 3]].mean(0)) and torch.allclose(v[3], rows[5 + 4 + 4])


def test_clicks_that_follow_from_the_history_are_learned(tmp_path: Path) -> None:
    sets = {"train": {"epochs": 25, "batch_rows": 64}, "features": {"min_count": 1, "most": 3}, "wide": False}
    sets["features"]["sequences"] = ["history:item"]  # type: ignore[index]
    config = override(PRESETS["small"](), sets)
    frame, labels = table(2000)
    predictor = ClickPredictor(config=config).fit(frame.drop(columns="tags"), labels, out=tmp_path / "run")
    frame, labels = table(500)
    area = predictor.evaluate(frame, labels).metrics["roc_auc"].value
    assert area > 0.9
    again = ClickPredictor.load(tmp_path / "run")
    assert (again.predict(frame) == predictor.predict(frame)).all()


def test_a_sequence_needs_a_field_of_names() -> None:
    frame, labels = table(50)
    with pytest.raises(ConfigError, match=r"^features: 'history:price' needs a field 'price' of names; name one"):
        ClickFeatures.fit(read(frame, labels), ClickFeaturesConfig(sequences=("history:price",), several=("tags",)))
    with pytest.raises(ConfigError, match=r"^features: DataFrame has no column 'story'; did you mean 'history'\?$"):
        ClickFeatures.fit(read(frame, labels), ClickFeaturesConfig(sequences=("story",), several=("tags",)))


def test_tables_of_lists_alone_count_towards_sparse_gradients() -> None:
    config = ClickModelConfig(encoder=TransformerConfig(width=8, num_layers=1, num_heads=2), sparse_rows=100)
    for own, sparse in ((90, False), (91, True)):
        built = ClickModel(config, [5, 4], [], ["a", "b"], [ListShape(-own, 3, ordered=False)])
        assert built.embedding is not None and built.embedding.table.embedding.sparse == sparse


def test_cells_of_lists_and_of_texts_in_one_column_are_refused() -> None:
    with pytest.raises(DataError, match=r"^column 'tags': cells of several kinds \("):
        pieces(pd.Series([["a"], "b"], name="tags"))


def test_the_bound_of_a_vocabulary_holds_after_it_has_grown() -> None:
    frame, labels = table()
    config = ClickFeaturesConfig(min_count=1, max_values=5, several=("tags",), sequences=("history",))
    features = ClickFeatures.fit(read(frame, labels), config)
    grown = features.grown(read(frame.assign(item="new"), labels))
    assert len(features.fields[0].values) == len(grown.fields[0].values) == 5  # type: ignore[union-attr]
