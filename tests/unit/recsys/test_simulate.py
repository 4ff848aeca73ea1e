"""Simulated clicks: their rates, and the scores of the truth."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from fourfold.recsys.simulate import ceiling, simulate_clicks


def test_clicks_follow_their_probabilities() -> None:
    frame, clicks, probabilities = simulate_clicks(50_000, seed=3)
    assert len(frame) == len(clicks) == len(probabilities) == 50_000
    assert set(clicks.tolist()) == {0, 1}
    assert probabilities.min() > 0
    assert probabilities.max() < 1
    for tenth in np.array_split(np.argsort(probabilities), 10):
        assert clicks[tenth].mean() == pytest.approx(probabilities[tenth].mean(), abs=0.025)


def test_the_same_seed_gives_the_same_rows_of_the_same_world() -> None:
    one, other = simulate_clicks(500, seed=1), simulate_clicks(500, seed=1)
    assert one[0].equals(other[0])
    assert (one[1] == other[1]).all()
    assert not one[0].equals(simulate_clicks(500, seed=2)[0])


def test_users_follow_zipf() -> None:
    counts = simulate_clicks(50_000, seed=0)[0]["user"].value_counts()
    assert counts["u0"] / counts["u9"] == pytest.approx(12 / 3, rel=0.15)


@pytest.mark.parametrize("shape", ["spread", "ties"])
def test_the_ceiling_is_the_mean_score_of_the_truth(shape: str) -> None:
    rng = np.random.default_rng(0)
    p = rng.beta(1, 3, 400) if shape == "spread" else rng.choice([0.1, 0.4, 0.8], 400)
    draws = [rng.random(400) < p for _ in range(1500)]
    areas = [roc_auc_score(clicks, p) for clicks in draws]
    losses = [log_loss(clicks, p) for clicks in draws]
    area, loss = ceiling(p)
    assert area == pytest.approx(np.mean(areas), abs=4 * np.std(areas) / np.sqrt(1500) + 1 / 400)
    assert loss == pytest.approx(np.mean(losses), abs=4 * np.std(losses) / np.sqrt(1500))


def test_ceilings_at_the_ends() -> None:
    assert ceiling(np.array([0.0, 0.0, 1.0])) == (1.0, 0.0)
    area, loss = ceiling(np.full(10, 0.5))
    assert area == pytest.approx(0.5)
    assert loss == pytest.approx(np.log(2))
    assert np.isnan(ceiling(np.zeros(3))[0])
