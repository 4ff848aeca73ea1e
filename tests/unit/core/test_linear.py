"""The linear baseline against scikit-learn, and its way through files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from fourfold.core.errors import ArtifactError, DataError
from fourfold.core.linear import LinearModel

RANDOM = np.random.default_rng(0)
X = (RANDOM.standard_normal((120, 6)) * [1, 2, 3, 4, 5, 6] + 3).astype(np.float32)


@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_are_those_of_scikit_learn(classes: int) -> None:
    y = (X[:, 0] + RANDOM.standard_normal(120) > 3).astype(int) + (X[:, 1] > 4) * (classes - 2)
    model = LinearModel.fit(X, y)
    scaler = StandardScaler().fit(X)
    theirs = LogisticRegression(max_iter=1000).fit(scaler.transform(X), y).predict_proba(scaler.transform(X))
    assert model.converged and model.classes == list(range(classes))
    assert np.abs(model.probabilities(X) - theirs).max() < 1e-3
    assert model.predict(X).tolist() == theirs.argmax(1).tolist()


@pytest.mark.parametrize("strength", [0.01, 10.0])
@pytest.mark.parametrize("sparse", [False, True])
def test_raw_features_are_fitted_as_scikit_learn_fits_them(strength: float, sparse: bool) -> None:
    x = scipy.sparse.csr_matrix(np.where(X > 4, X, 0)) if sparse else X / 10
    y = np.array(["low", "mid", "high"])[np.digitize(X[:, 3] + RANDOM.standard_normal(120), [1, 5])]
    model = LinearModel.fit(x, y, standardise=False, strength=strength)
    theirs = LogisticRegression(C=strength, max_iter=1000).fit(x, y)
    assert model.classes == theirs.classes_.tolist() == ["high", "low", "mid"] and model.mean is model.scale is None
    assert np.abs(model.probabilities(x) - theirs.predict_proba(x)).max() < 1e-3
    assert model.predict(x).tolist() == theirs.predict(x).tolist() and model.parameters == 3 * 6 + 3


@pytest.mark.parametrize("standardise", [True, False])
def test_sparse_features(standardise: bool) -> None:
    sparse = scipy.sparse.csr_matrix(np.where(X > 4, X, 0))
    y = np.where(X[:, 5] > 4, "high", "low")
    model = LinearModel.fit(sparse, y, standardise=standardise, strength=100.0)
    assert model.mean is None and (model.predict(sparse) == y).mean() > 0.97
    assert np.allclose(model.probabilities(sparse), model.probabilities(sparse.toarray()), atol=1e-4)


@pytest.mark.parametrize("labels", [["a", "b", "ü"], [1, 2, 5], [0.5, 1.5, 2.5], [True, False, True], ["x"] * 3])
def test_save_and_load_keep_the_classes(labels: list[Any], tmp_path: Path) -> None:
    model = LinearModel.fit(X, labels * 40)
    model.save(tmp_path)
    loaded = LinearModel.load(tmp_path)
    assert loaded.classes == model.classes == sorted(set(labels))
    assert [type(name) for name in loaded.classes] == [type(name) for name in model.classes]
    assert np.array_equal(loaded.probabilities(X), model.probabilities(X))
    assert np.allclose(model.probabilities(X).sum(1), 1, atol=1e-6)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["baseline.json", "baseline.safetensors"]


def test_a_fit_that_stops_early_says_so() -> None:
    assert not LinearModel.fit(X, X[:, 0] > 3, iterations=1).converged


def test_extreme_features_give_no_nan() -> None:
    model = LinearModel.fit(X, X[:, 0] > 3)
    assert np.isfinite(model.probabilities(X * 1e6)).all()


def test_other_features_are_refused() -> None:
    with pytest.raises(DataError) as error:
        LinearModel.fit(X, X[:, 0] > 3).probabilities(X[:, :4])
    assert str(error.value) == "the baseline takes 6 features a row, not 4"


def test_damage_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError) as error:
        LinearModel.load(tmp_path)
    assert str(error.value) == f"{tmp_path}/baseline.json: no such file; save the baseline again"
    LinearModel.fit(X, X[:, 0] > 3).save(tmp_path)
    (tmp_path / "baseline.safetensors").write_bytes(b"junk")
    with pytest.raises(ArtifactError, match="a damaged baseline"):
        LinearModel.load(tmp_path)
    LinearModel.fit(X, X[:, 0] > 3).save(tmp_path)
    text = (tmp_path / "baseline.json").read_text()
    (tmp_path / "baseline.json").write_text(text.replace("true\n ]", 'true,\n "maybe"\n ]'))
    with pytest.raises(ArtifactError) as error:
        LinearModel.load(tmp_path)
    expected = f"{tmp_path}: a damaged baseline (weights and classes disagree); save it again"
    assert str(error.value) == expected
