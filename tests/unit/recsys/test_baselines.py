"""The classical click model: what it sees, and that it comes back as it was saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from fourfold.recsys.baselines import STRENGTHS, ClickBaseline, choose_strength, one_hot
from fourfold.recsys.data import ClickFeatures, ClickFeaturesConfig, read
from fourfold.recsys.simulate import ceiling, simulate_clicks

CONFIG = ClickFeaturesConfig(min_count=1)


def test_one_hot_has_a_one_a_field_and_the_scaled_numbers() -> None:
    examples = read(pd.DataFrame({"job": ["a", "b", "a"], "age": [10, 20, 40]}), [0, 1, 1])
    features = ClickFeatures.fit(examples, CONFIG)
    x = one_hot(features.source(examples), features).toarray()
    # job: missing, unseen, a, b; age: missing, 10, 20, 40, then its position.
    assert x.tolist() == [[0, 0, 1, 0, 0, 1, 0, 0, 0], [0, 0, 0, 1, 0, 0, 1, 0, 0.5], [0, 0, 1, 0, 0, 0, 0, 1, 1]]


def test_it_learns_and_comes_back(tmp_path: Path) -> None:
    frame, clicks, probabilities = simulate_clicks(6000, seed=1)
    examples = read(frame, clicks)
    train, test = examples.take(np.arange(4000)), examples.take(np.arange(4000, 6000))
    features = ClickFeatures.fit(train, CONFIG)
    baseline = ClickBaseline().fit(train, features)
    outputs = np.asarray(baseline.outputs(test))
    assert outputs.shape == (2000,)
    area = roc_auc_score(clicks[4000:], outputs)
    assert 0.6 < area < ceiling(probabilities[4000:])[0] - 0.03
    baseline.save(tmp_path)
    assert (np.asarray(ClickBaseline.load(tmp_path).outputs(test)) == outputs).all()


def test_the_penalty_follows_the_data() -> None:
    rng = np.random.default_rng(0)
    noise = np.repeat(np.eye(500), 2, 0)  # a category for every two rows
    assert choose_strength(noise, rng.integers(0, 2, 1000), seed=0) <= 0.03
    clear = rng.normal(size=(1000, 2))
    assert choose_strength(clear, (clear[:, 0] > 0).astype(np.int64), seed=0) == STRENGTHS[-1]
    assert choose_strength(clear[:3], np.array([0, 1, 1]), seed=0) == STRENGTHS[0]
