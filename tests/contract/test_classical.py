"""Each classical model of a domain stands by itself: it learns, ships, and is tuned as the Transformer is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from console import fourfold
from domain_data import SAMPLES

from fourfold.core.config import override
from fourfold.core.domains import domain

MODELS = [(name, model) for name in sorted(SAMPLES) for model in domain(name).load_pipeline().classical]


def classical(name: str, model: str) -> Any:
    kind = domain(name).load_pipeline()
    return kind("linear", config=override(kind.presets["tiny"](), {"classical": {"model": model}}))


def answers(model: Any, inputs: Any) -> Any:
    """Probabilities (N, classes), or, where there are no classes, transcripts (N,)."""
    return model.predict_proba(inputs) if hasattr(model, "predict_proba") else model.predict(inputs)


@pytest.mark.parametrize(("name", "model"), MODELS)
def test_it_learns_and_comes_back_as_it_was(name: str, model: str, tmp_path: Path) -> None:
    fitted = classical(name, model).fit(*SAMPLES[name].make(120, 0))
    label = fitted.classical[model].label
    assert fitted.baseline_.name in (label, "TF-IDF + linear model")
    inputs, labels = SAMPLES[name].make(60, 1)
    said = answers(fitted, inputs)
    found = said if said.ndim == 1 else fitted.classes_[said.argmax(1)]
    correct = np.mean([str(a) == str(b) for a, b in zip(found, labels, strict=True)])
    # A weight for each value does not learn what hangs on two, and trees of 20 rows a leaf little of few rows.
    assert correct > (0.3 if name == "recsys" else 0.9)
    loaded = type(fitted).load(fitted.save(tmp_path / "run"))
    assert (loaded.baseline_.name, loaded.baseline_.parameters) == (
        fitted.baseline_.name,
        fitted.baseline_.parameters,
    )
    np.testing.assert_array_equal(answers(loaded, inputs), said)


@pytest.mark.parametrize(("name", "model"), MODELS)
def test_it_is_tuned_like_the_transformer(name: str, model: str, tmp_path: Path) -> None:
    data = SAMPLES[name].write(tmp_path, 60, 0)
    options = ("--preset", "linear", "--set", f"classical.model={model}", "--valid", "0.3", "--trials", 3, "--json")
    done = fourfold(name, "tune", data, "--out", tmp_path / "study", *options)
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert [trial["default"] for trial in found["trials"]] == [True, False, False][: len(found["trials"])]
    sign = 1 if found["greater_is_better"] else -1
    assert all(sign * found["best"]["value"] >= sign * trial["value"] for trial in found["trials"])
    searched = set(domain(name).load_pipeline().classical[model].space)
    assert set(found["trials"][1]["changed"]) <= searched and found["best_config"]["classical"]["model"] == model


@pytest.mark.parametrize(
    ("name", "setting", "message"),
    [
        ("nlp", "classical.model=forest", "classical.model: 'forest' is not one of svm, logistic, bayes"),
        ("nlp", "classical.words=0", "classical.words (0) must be 1 or above"),
        ("nlp", "classical.smoothing=0", "classical.smoothing (0.0) must be above 0, or none: chosen"),
        ("vision", "classical.neighbours=0", "classical.neighbours (0) must be 1 or above, or none: chosen"),
        ("vision", "classical.strength=-1", "classical.strength (-1.0) must be above 0, or none: chosen"),
        ("recsys", "classical.lr=0", "classical.lr (0.0) must be above 0"),
        ("recsys", "classical.leaves=1", "classical.leaves (1) must be 2 or above"),
        ("speech", "classical.strength=0", "classical.strength (0.0) must be above 0, or none: 1 or 10"),
        ("speech", "classical.templates=0", "classical.templates (0) must be 1 or above"),
    ],
)
def test_a_wrong_setting_is_named(name: str, setting: str, message: str, tmp_path: Path) -> None:
    data = SAMPLES[name].write(tmp_path, 20, 0)
    done = fourfold(name, "train", data, "--preset", "linear", "--set", setting, "--out", tmp_path / "run")
    assert (done.code, done.err) == (2, f"error: {message}\n")
