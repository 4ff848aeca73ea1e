"""The classical click models: what they see, and that they come back as they were saved."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from fourfold.core.batch import Examples
from fourfold.core.errors import ArtifactError
from fourfold.recsys.baselines import LOGISTIC, TREES, ClickBaseline
from fourfold.recsys.baselines.logistic import STRENGTHS, choose_strength, one_hot
from fourfold.recsys.baselines.trees import Trees
from fourfold.recsys.data import ClickFeatures, ClickFeaturesConfig, ClickSource, read
from fourfold.recsys.simulate import ceiling, simulate_clicks

CONFIG = ClickFeaturesConfig(min_count=1)


def test_one_hot_has_a_one_a_field_and_the_scaled_numbers() -> None:
    examples = read(pd.DataFrame({"job": ["a", "b", "a"], "age": [10, 20, 40]}), [0, 1, 1])
    features = ClickFeatures.fit(examples, CONFIG)
    x = one_hot(features.source(examples), features).toarray()
    # job: missing, unseen, a, b; age: missing, 10, 20, 40, then its position.
    assert x.tolist() == [[0, 0, 1, 0, 0, 1, 0, 0, 0], [0, 0, 0, 1, 0, 0, 1, 0, 0.5], [0, 0, 1, 0, 0, 0, 0, 1, 1]]


@pytest.fixture(scope="module")
def fitted() -> tuple[ClickBaseline, Examples, npt.NDArray[np.int64], float]:
    frame, clicks, probabilities = simulate_clicks(6000, seed=1)
    frame.loc[::7, "price"] = np.nan
    examples = read(frame, clicks)
    train, test = examples.take(np.arange(4000)), examples.take(np.arange(4000, 6000))
    baseline = ClickBaseline().fit(train, ClickFeatures.fit(train, CONFIG))
    return baseline, test, clicks[4000:], ceiling(probabilities[4000:])[0]


def test_they_learn_and_come_back(fitted: Any, tmp_path: Path) -> None:
    baseline, test, clicks, best = fitted
    said = baseline.all_outputs(test, ClickBaseline.names)
    assert list(said) == [LOGISTIC, TREES] and all(np.asarray(one).shape == (2000,) for one in said.values())
    areas = {name: roc_auc_score(clicks, one) for name, one in said.items()}
    assert 0.6 < areas[LOGISTIC] < areas[TREES] < best, "trees find what is crossed, logistic regression does not"
    assert baseline.best == TREES and (np.asarray(baseline.outputs(test)) == said[TREES]).all()
    baseline.save(tmp_path)
    again = ClickBaseline.load(tmp_path)
    assert again.name == baseline.name and again.parameters == baseline.parameters
    for name, one in again.all_outputs(test, ClickBaseline.names).items():
        assert (np.asarray(one) == said[name]).all()


def test_the_trees_are_scikit_learn_s() -> None:
    """Two fields of few names, one of many before them and one of numbers, beside the model that was taken apart."""
    random = np.random.default_rng(0)
    few = random.choice([1, 2, 3, 9, 20, 21], (3000, 2))  # with gaps, as where a value is in no training row
    number = random.random(3000) * 8
    clicks = (few[:, 0] % 3 == 0) ^ (number > 4) ^ (few[:, 1] > 9)
    ids = np.stack([random.integers(1, 400, 3000), few[:, 0], few[:, 1], np.full(3000, 2)], 1)
    sizes, models = SimpleNamespace(sizes=[400, 60, 60, 9], bins=[8]), []

    class Noted(HistGradientBoostingClassifier):  # type: ignore[misc]
        def fit(self, *args: Any) -> Any:
            models.append(super().fit(*args))
            return models[-1]

    def source(ids: Any) -> ClickSource:
        position = np.where(ids[:, 3] == 0, 0, number)[:, None].astype(np.float32)
        return ClickSource.of(ids.astype(np.int32), position, clicks.astype(np.float32))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sklearn.ensemble.HistGradientBoostingClassifier", Noted)
        trees = Trees.fit(source(ids), sizes, seed=0)  # type: ignore[arg-type]
    assert trees.arrays["is_categorical"].any() and roc_auc_score(clicks, trees.probabilities(source(ids))) > 0.95
    other = ids.copy()
    other[::3, 1], other[::5, 2], other[::4, 3] = 58, 10, 0  # beyond the known, in a gap, no number
    for one in (ids, other):
        numbers = np.searchsorted([1, 2, 3, 9, 20, 21], one[:, 1:3]).astype(float)
        numbers[~np.isin(one[:, 1:3], few)] = np.nan
        last = np.where(one[:, 3] == 0, np.nan, number.astype(np.float32))
        expected = models[0].predict_proba(np.column_stack([numbers, one[:, 0], last]))[:, 1]
        np.testing.assert_allclose(trees.probabilities(source(one)), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("left", 10**6, "a branch leads out of its tree"),
        ("right", 0, "a branch leads out of its tree"),
        ("feature_idx", -1, "a branch asks for no field"),
        ("feature_idx", 99, "a branch asks for no field"),
        ("bitset_idx", 10**6, "a branch has no categories"),
        ("starts", 10**6, "the trees overlap"),
        ("categorical_index", 10**6, "a branch asks for no category"),
    ],
)
def test_damaged_trees_are_refused(fitted: Any, name: str, value: int, why: str, tmp_path: Path) -> None:
    """Compiled code follows the links without looking."""
    arrays = {key: array.copy() for key, array in fitted[0].trees_.arrays.items()}
    arrays[name][:] = value
    Trees(arrays).save(tmp_path)
    with pytest.raises(ArtifactError, match=f"damaged trees \\({why}\\); save the baseline again$"):
        Trees.load(tmp_path)


def test_a_baseline_of_no_known_model_is_refused(fitted: Any, tmp_path: Path) -> None:
    fitted[0].save(tmp_path)
    (tmp_path / "clicks.json").write_text('{"best": "oracle", "fitted_on": 9, "conversion": false}')
    with pytest.raises(ArtifactError) as error:
        ClickBaseline.load(tmp_path)
    assert str(error.value) == (
        f"{tmp_path}/clicks.json: missing or damaged (no model 'oracle'); save the baseline again"
    )


def test_many_values_share_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fourfold.recsys.baselines.logistic.HASHED", 64)
    frame = pd.DataFrame({"user": [f"u{row % 100}" for row in range(400)], "age": np.arange(400.0)})
    examples = read(frame, np.arange(400) % 2)
    features = ClickFeatures.fit(examples, CONFIG)
    x = one_hot(features.source(examples), features)
    assert x.shape == (400, 65) and (x[:, :64].sum(1) == 2).all()
    assert (x[:100, :64] != one_hot(features.source(examples.take(np.arange(100))), features)[:, :64]).nnz == 0
    users = {tuple(x[row, :64].indices) for row in range(100)}
    assert len(users) > 50


def test_few_rows_are_enough() -> None:
    examples = read(pd.DataFrame({"a": ["x", "y"] * 4}), [0, 1, 0, 1, 0, 1, 0, 0])
    baseline = ClickBaseline().fit(examples, ClickFeatures.fit(examples, CONFIG))
    assert all(
        np.isfinite(np.asarray(one)).all() for one in baseline.all_outputs(examples, ClickBaseline.names).values()
    )


def test_the_penalty_follows_the_data() -> None:
    rng = np.random.default_rng(0)
    noise = np.repeat(np.eye(500), 2, 0)  # a category for every two rows
    assert choose_strength(noise, rng.integers(0, 2, 1000), seed=0) <= 0.03
    clear = rng.normal(size=(1000, 2))
    assert choose_strength(clear, (clear[:, 0] > 0).astype(np.int64), seed=0) == STRENGTHS[-1]
    assert choose_strength(clear[:3], np.array([0, 1, 1]), seed=0) == STRENGTHS[0]
