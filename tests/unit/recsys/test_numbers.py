"""Encodings of numbers: periodic functions and logarithms beside the piecewise-linear one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fourfold.core.batch import Batch
from fourfold.core.config import override
from fourfold.core.errors import ConfigError
from fourfold.core.nn import TransformerConfig
from fourfold.recsys.config import PRESETS
from fourfold.recsys.data import ClickFeatures, ClickFeaturesConfig, LogShape, Numeric, read
from fourfold.recsys.data.schema import signed_log
from fourfold.recsys.model import ClickModel, ClickModelConfig, PeriodicConfig
from fourfold.recsys.model.numbers import Logarithm, Periodic
from fourfold.recsys.pipeline import ClickPredictor

ENCODINGS = ("piecewise", "periodic", "log")
LOGS = [LogShape((0.0, 1.0, 10.0), 1.0, 2.0), LogShape((-5.0, 5.0), 0.0, 1.0)]


def model(numbers: str, **settings: Any) -> ClickModel:
    torch.manual_seed(0)
    encoder = TransformerConfig(width=8, num_layers=1, num_heads=2)
    config = ClickModelConfig(encoder=encoder, numbers=numbers, **settings)  # type: ignore[arg-type]
    return ClickModel(config, [4, 4, 3], [2, 1], [*"abc"], logs=LOGS).eval()


def numeric(values: list[float], bins: int) -> Numeric:
    learning = Numeric.learn("x", ClickFeaturesConfig(bins=bins))
    learning.add(pd.Series(values, dtype=float), np.ones(len(values), np.bool_))
    field = learning.done()
    assert isinstance(field, Numeric)
    return field


def test_periodic_is_the_formula_of_the_paper() -> None:
    torch.manual_seed(0)
    periodic = Periodic([4, 2], 3, PeriodicConfig(num_frequencies=5, deviation=0.7))
    position = torch.tensor([[0.0, 2.0], [4.0, 0.5], [1.25, 1.0]])
    for n, bins in enumerate((4, 2)):
        x = (position[:, n] / bins - 0.5) * 12**0.5
        turns = 2 * torch.pi * x[:, None] * periodic.frequency_NK[n]
        waves = torch.cat([turns.cos(), turns.sin()], 1)
        expected = (waves @ periodic.weight_NKD[n] + periodic.bias_ND[n]).relu()
        torch.testing.assert_close(periodic(position)[:, n], expected)
    assert periodic.frequency_NK.abs().max() <= 3 * 0.7


NUMBERS = st.floats(-1e4, 1e4, width=32)


@given(st.lists(NUMBERS, min_size=1, max_size=30), st.integers(1, 6), st.lists(NUMBERS, min_size=1, max_size=5))
def test_the_logarithm_finds_the_numbers_again(values: list[float], bins: int, others: list[float]) -> None:
    field = numeric(values, bins)
    shape = LogShape(field.knots, field.log_mean, field.log_deviation)
    log, numbers = Logarithm([len(field.knots) - 1], 2, [shape]), np.array([*values, *others])
    found = log.numbers(torch.from_numpy(field.encode(numbers)[1])[:, None])[:, 0].numpy()
    expected = numbers.clip(field.knots[0], field.knots[-1])
    assert np.allclose(found, expected, rtol=1e-5, atol=2e-5 * (1 + field.knots[-1] - field.knots[0]))


def test_logarithms_are_standardised_over_the_training_rows() -> None:
    values = [*np.random.default_rng(0).lognormal(sigma=3, size=500), -40.0, 0.0]
    field = numeric([*values, np.nan], 64)
    log = Logarithm([64], 1, [LogShape(field.knots, field.log_mean, field.log_deviation)])
    z = log(torch.from_numpy(field.encode(np.array(values))[1])[:, None])[:, 0, 0] / log.weight_ND[0, 0]
    assert abs(z.mean().item()) < 1e-3 and abs(z.std().item() - 1) < 1e-2
    assert np.allclose(signed_log(np.array([-40.0, 0.0])), [-np.log(41), 0])
    for alike in ([7.1] * 10, [], [np.nan]):
        assert numeric(alike, 4).log_deviation == 1


def test_numbers_beyond_32_bits_stay_finite() -> None:
    field = numeric([-1e300, 1.0, 1e300], 4)
    log = Logarithm([2], 1, [LogShape(field.knots, field.log_mean, field.log_deviation)])
    assert torch.isfinite(log(torch.tensor([[0.0], [0.5], [1.5], [2.0]]))).all()


@pytest.mark.parametrize("numbers", ENCODINGS)
def test_a_missing_number_has_the_row_for_missing_ones_alone(numbers: str) -> None:
    whole = model(numbers)
    assert whole.embedding is not None
    ids = torch.tensor([[1, 0, 0], [1, 1, 1]])
    found = whole.embedding(Batch({"ids": ids, "position": torch.tensor([[0.0, 0.0], [0.5, 0.75]])}))
    rows = whole.embedding.table(ids)
    assert torch.equal(found[0], rows[0]) and torch.equal(found[1, 0], rows[1, 0])
    assert not torch.isclose(found[1, 1:], rows[1, 1:]).all(1).any()


@pytest.mark.parametrize("numbers", ENCODINGS)
def test_every_parameter_learns(numbers: str) -> None:
    whole = model(numbers)
    assert whole.gain is not None
    torch.nn.init.ones_(whole.gain)
    ids = torch.stack([torch.randint(1, size, (64,)) for size in (4, 4, 3)], 1)
    whole(Batch({"ids": ids, "position": torch.rand(64, 2)})).square().sum().backward()
    assert [name for name, p in whole.named_parameters() if p.grad is None or not p.grad.abs().sum()] == []


def test_the_deviation_of_embeddings_is_not_that_of_frequencies() -> None:
    drawn = dict(model("periodic", deviation=1e-4).named_parameters())
    assert drawn["embedding.numbers.weight_NKD"].abs().max() < 1e-3
    assert drawn["embedding.numbers.frequency_NK"].std() > 0.05


def wave(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows whose clicks follow a wave over the numbers, now and then missing."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 100, rows)
    clicks = rng.random(rows) < np.where(np.sin(x / 5) > 0, 0.95, 0.05)
    return pd.DataFrame({"x": np.where(rng.random(rows) < 0.05, np.nan, x), "c": rng.choice(["a", "b"], rows)}), clicks


def trained(numbers: str, out: Path | None = None, **features: Any) -> ClickPredictor:
    changes = {"train": {"epochs": 12, "batch_rows": 64}, "wide": False, "features": features}
    shape = {"numbers": numbers, "parts": "transformer", "periodic": {"deviation": 0.5}}
    config = override(PRESETS["tiny"](), changes | {"model": shape})
    return ClickPredictor("tiny", config=config).fit(*wave(1500, 0), out=out)


def area(predictor: ClickPredictor) -> float:
    return predictor.evaluate(*wave(500, 1)).metrics["roc_auc"].value


@pytest.mark.parametrize("numbers", ["periodic", "log"])
def test_a_run_comes_back_and_goes_on(numbers: str, tmp_path: Path) -> None:
    first = trained(numbers, tmp_path / "run")
    assert area(first) > 0.85
    frame, labels = wave(200, 2)
    again = ClickPredictor.load(tmp_path / "run")
    assert np.array_equal(again.predict(frame), first.predict(frame))
    schema = json.loads((tmp_path / "run" / "schema.json").read_text())
    field = next(entry for entry in schema["fields"] if entry["kind"] == "numeric")
    assert field["log_mean"] == pytest.approx(np.log1p(wave(1500, 0)[0]["x"]).mean(), abs=0.05)
    second = ClickPredictor(init=tmp_path / "run").fit(frame, labels)
    assert second.config_.model.numbers == numbers and np.isfinite(second.predict(frame)).all()


def test_periodic_functions_need_no_bins() -> None:
    assert area(trained("periodic", bins=1)) > 0.85
    assert area(trained("piecewise", bins=1)) < 0.7


def test_fields_that_were_saved_without_logarithms_come_back(tmp_path: Path) -> None:
    features = ClickFeatures.fit(read(*wave(50, 0)), ClickFeaturesConfig())
    features.save(tmp_path)
    path = tmp_path / "schema.json"
    schema = json.loads(path.read_text())
    for entry in schema["fields"]:
        entry.pop("log_mean", None), entry.pop("log_deviation", None)
    path.write_text(json.dumps(schema))
    again = ClickFeatures.load(tmp_path)
    assert again.bins == features.bins and again.logs[0] == (features.logs[0].knots, 0.0, 1.0)


def test_wrong_settings() -> None:
    with pytest.raises(ConfigError, match=r"^numbers: no encoding 'peridic'; did you mean 'periodic'\?$"):
        ClickModelConfig(numbers="peridic")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"^model.numbers: 'quantile' is not one of piecewise, periodic, log$"):
        override(PRESETS["tiny"](), {"model": {"numbers": "quantile"}})
    with pytest.raises(ConfigError, match=r"^num_frequencies \(0\) must be 1 or above$"):
        PeriodicConfig(num_frequencies=0)
    with pytest.raises(ConfigError, match=r"^deviation \(0.0\) must be above 0$"):
        PeriodicConfig(deviation=0.0)
