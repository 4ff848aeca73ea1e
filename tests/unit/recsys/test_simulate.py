"""Simulated clicks: their rates, and the scores of the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from console import fourfold
from sklearn.metrics import log_loss, roc_auc_score

from fourfold.core.errors import ConfigError
from fourfold.recsys.data.columns import TRUTH
from fourfold.recsys.simulate import World, ceiling, simulate_clicks, write_log


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


def test_a_log_is_in_the_order_of_time_and_its_hours_are_those_of_its_times(tmp_path: Path) -> None:
    world = World(users=50, items=20, days=2, drift=1.0)
    for name in ("log.parquet", "log.csv"):
        write_log(world, 200_000, 1, tmp_path / name)
    frame = pd.read_parquet(tmp_path / "log.parquet")
    assert frame["time"].is_monotonic_increasing and (frame["time"].dt.hour == frame["hour"]).all()
    assert frame["time"].dt.day.nunique() == 2
    assert len(frame) == len(pd.read_csv(tmp_path / "log.csv")) == 200_000
    assert frame["label"].mean() == pytest.approx(frame[TRUTH].mean(), abs=0.005)
    first, last = (frame[half][TRUTH].groupby(frame["item"]).mean() for half in (frame.index < 1e5, frame.index >= 1e5))
    assert (first - last).abs().mean() > 0.03, "the appeal of items drifts"
    with pytest.raises(ConfigError, match=r"log\.txt: write to a \.parquet or a \.csv$"):
        write_log(world, 10, 0, tmp_path / "log.txt")


def test_the_command_writes_a_log_once(tmp_path: Path) -> None:
    out = tmp_path / "log.csv"
    done = fourfold("recsys", "simulate", out, "--rows", 50, "--users", 5, "--items", 3)
    assert (done.code, done.err) == (0, f"wrote 50 rows to {out}\n") and len(pd.read_csv(out)) == 50
    again = fourfold("recsys", "simulate", out)
    assert (again.code, again.err) == (2, f"error: {out}: it is there already; replace it with --force\n")
