"""Pipelines have scikit-learn's manners, and its tools take them, though it is not imported."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils import get_tags

from fourfold.core.errors import ConfigError
from fourfold.core.estimator import Estimator


class Mean(Estimator):
    def __init__(self, trim: float = 0.0, seed: int | None = None) -> None:
        self.trim, self.seed = trim, seed

    def fit(self, X: np.ndarray, y: np.ndarray) -> "Mean":
        self.mean_ = float(y.mean()) * (1 - self.trim)
        return self

    def score(self, X: np.ndarray, y: np.ndarray) -> float:
        return -abs(float(y.mean()) - self.mean_)


def test_settings_are_told_and_changed() -> None:
    mean = Mean(trim=0.1)
    assert repr(mean) == "Mean(trim=0.1)" and repr(Mean()) == "Mean()"
    assert mean.set_params(seed=2) is mean and mean.get_params() == {"trim": 0.1, "seed": 2}
    with pytest.raises(ConfigError, match=r"^Mean: unknown setting 'sed'; did you mean 'seed'\?$"):
        mean.set_params(sed=1)


def test_a_copy_has_learned_nothing() -> None:
    fitted = Mean(seed=1).fit(np.zeros(2), np.ones(2))
    for copy in (clone(fitted), fitted.unfitted()):
        assert type(copy) is Mean and copy.get_params() == fitted.get_params() and not hasattr(copy, "mean_")


def test_a_search_of_scikit_learn_takes_it() -> None:
    X, y = np.zeros((12, 1)), np.ones(12)
    assert get_tags(Mean()).target_tags.required is False
    assert GridSearchCV(Mean(), {"trim": [0.5, 0.0]}, cv=3).fit(X, y).best_params_ == {"trim": 0.0}
