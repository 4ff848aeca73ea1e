"""The shapes and limits of the learning rate, and every message of the trainer's settings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.config import from_dict
from fourfold.core.errors import ConfigError
from fourfold.core.training import OptimizerConfig, ScheduleConfig, TrainConfig, budget_seconds
from fourfold.core.training.schedules import SCHEDULES, rate

quick = settings(max_examples=60)
NAMES = st.sampled_from(sorted(SCHEDULES))
SHARE = st.floats(0, 1)
CONFIGS = st.builds(ScheduleConfig, name=NAMES, warmup=st.floats(0, 0.99), decay=SHARE, floor=SHARE)


def curve(total: int, **config: Any) -> np.ndarray:
    return np.array([rate(step, total, ScheduleConfig(**config)) for step in range(total)])


@quick
@given(CONFIGS, st.integers(1, 300))
def test_the_rate_rises_to_its_peak_and_never_again(config: ScheduleConfig, total: int) -> None:
    rates = np.array([rate(step, total, config) for step in range(total + 2)])
    warmup = math.ceil(config.warmup * total)
    assert (rates > -1e-12).all() and (rates <= 1 + 1e-12).all()
    assert rates[:warmup] == pytest.approx(np.arange(1, warmup + 1) / warmup if warmup else [])
    if warmup < total:
        assert rates[warmup] == pytest.approx(1)
        assert (np.diff(rates[warmup:]) <= 1e-12).all() and (rates[warmup:] >= config.floor - 1e-12).all()
    falls = config.name not in ("constant", "plateau") and (config.name != "wsd" or config.decay)
    if falls and warmup < total:
        assert rates[total] == pytest.approx(config.floor) == rates[total + 1]


def test_every_name_of_the_settings_is_a_schedule() -> None:
    for name in SCHEDULES:
        assert from_dict(ScheduleConfig, {"name": name}).name == name
    with pytest.raises(ConfigError) as error:
        from_dict(ScheduleConfig, {"name": "step"}, "train.schedule")
    assert str(error.value) == "train.schedule.name: 'step' is not one of cosine, linear, wsd, constant, plateau"


def test_cosine_against_its_formula() -> None:
    done = np.arange(100) / 100
    assert curve(100, warmup=0, floor=0.1) == pytest.approx(0.1 + 0.9 * (1 + np.cos(np.pi * done)) / 2)


def test_linear_is_a_straight_line() -> None:
    assert curve(10, name="linear", warmup=0.2, floor=0.2) == pytest.approx(
        [0.5, 1, 1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]
    )


def test_warmup_stable_decay_falls_over_the_last_share() -> None:
    rates = curve(100, name="wsd", warmup=0, decay=0.25)
    assert (rates[:76] == 1).all() and rates[76:] == pytest.approx(np.arange(24, 0, -1) / 25)
    assert (curve(10, name="wsd", warmup=0, decay=0) == 1).all()


@pytest.mark.parametrize("name", ["constant", "plateau"])
def test_a_constant_rate(name: str) -> None:
    assert curve(10, name=name, warmup=0.4, floor=0.5).tolist() == [0.25, 0.5, 0.75] + [1] * 7


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (OptimizerConfig, {"lr": 0}, "train.optimizer.lr (0) must be above 0"),
        (OptimizerConfig, {"beta2": 1.0}, "train.optimizer.beta1 (0.9) and beta2 (1.0) must lie in [0, 1)"),
        (
            OptimizerConfig,
            {"beta1": -0.1},
            "train.optimizer.beta1 (-0.1) and beta2 (0.98) must lie in [0, 1)",
        ),
        (OptimizerConfig, {"clip": -1}, "train.optimizer.clip (-1) must be 0 (off) or above"),
        (
            ScheduleConfig,
            {"warmup": 1.0},
            "train.schedule.warmup (1.0) must lie in [0, 1): it is a share of all steps",
        ),
        (ScheduleConfig, {"decay": 1.5}, "train.schedule.decay (1.5) must lie in [0, 1]"),
        (ScheduleConfig, {"floor": -1}, "train.schedule.floor (-1) must lie in [0, 1]"),
        (ScheduleConfig, {"drop": 2}, "train.schedule.drop (2) must lie in [0, 1]"),
        (ScheduleConfig, {"patience": 0}, "train.schedule.patience (0) must be 1 or above"),
        (TrainConfig, {"epochs": 0}, "train.epochs (0) must be above 0"),
        (TrainConfig, {"batch_rows": -1}, "train.batch_rows (-1) must be above 0"),
        (TrainConfig, {"accumulate": 0}, "train.accumulate (0) must be above 0"),
        (TrainConfig, {"evaluations": 0}, "train.evaluations (0) must be above 0"),
        (TrainConfig, {"ema": 1.0}, "train.ema (1.0) must lie in [0, 1)"),
        (TrainConfig, {"label_smoothing": -0.1}, "train.label_smoothing (-0.1) must lie in [0, 1)"),
        (TrainConfig, {"workers": -1}, "train.workers (-1) must be 0 or above"),
        (TrainConfig, {"batch_tokens": -1}, "train.batch_tokens (-1) must be 0 or above"),
        (TrainConfig, {"seed": -1}, "train.seed (-1) must be 0 or above"),
        (TrainConfig, {"budget": "soon"}, "budget 'soon' is not a time; write 90s, 10m or 1h"),
    ],
)
def test_a_setting_out_of_range(kind: type, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        kind(**values)
    assert str(error.value) == message


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("1h", 3600), ("1.5h", 5400), (" 2 m ", 120)])
def test_a_time_budget(text: str, seconds: float) -> None:
    assert budget_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "m", "-5s", "0s", "0.0m", "10min", "1e3s", "1h30m", "nan s"])
def test_what_is_no_time_budget(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        budget_seconds(text)
    assert str(error.value) == f"budget '{text}' is not a time; write 90s, 10m or 1h"
