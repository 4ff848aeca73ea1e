"""The classical models learn, the best speaks for all, rows are bounded and it is said, and saving changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from fourfold.core.batch import Examples
from fourfold.core.config import override
from fourfold.core.errors import ArtifactError
from fourfold.vision import ImageClassifier
from fourfold.vision.baselines import ImageBaseline, baseline
from fourfold.vision.baselines.hog import hog
from fourfold.vision.config import PRESETS
from fourfold.vision.data import ImageFeatures, ImageFeaturesConfig, read
from fourfold.vision.model import ViT


def bars(count: int, seed: int) -> Examples:
    """Bright above or bright below, in noise."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    images = generator.integers(0, 120, (count, 32, 32, 3), dtype=np.uint8)
    images[labels == 0, :16] += 40
    images[labels == 1, 16:] += 40
    return read(images, np.array(["above", "below"])[labels])


def test_they_learn_and_are_the_same_after_saving(tmp_path: Path) -> None:
    train, test = bars(60, 0), bars(40, 1)
    model = ImageBaseline().fit(train, ImageFeatures.fit(train))
    found = model.all_outputs(test)
    assert set(found) == set(ImageBaseline.names)
    for name in ("logistic regression on pixels", "nearest thumbnails"):
        assert (np.asarray(found[name]).argmax(1) == np.arange(40) % 2).mean() > 0.95
    assert (
        np.asarray(model.outputs(test)) == np.asarray(found[model.best])
    ).all() and model.best != ImageBaseline.names[0]
    model.save(tmp_path)
    loaded = ImageBaseline.load(tmp_path)
    again = loaded.all_outputs(test)
    assert all((np.asarray(again[name]) == np.asarray(found[name])).all() for name in ImageBaseline.names)
    assert (loaded.name, loaded.parameters) == (model.name, model.parameters)


def test_they_say_how_many_rows_they_were_fitted_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(baseline, "MOST_ROWS", 30)
    train = bars(60, 0)
    model = ImageBaseline().fit(train, ImageFeatures.fit(train), seed=1)
    assert model.name.endswith(" (fitted on 30 of 60 rows)")
    model.save(tmp_path)
    assert ImageBaseline.load(tmp_path).name == model.name


def test_a_class_without_rows_keeps_its_column() -> None:
    train = bars(60, 0)
    features = ImageFeatures.fit(read(train.inputs[:3], ["above", "aside", "below"]))
    for outputs in ImageBaseline().fit(train, features).all_outputs(train).values():
        assert np.asarray(outputs).shape == (60, 3) and np.asarray(outputs)[:, 1].max() < 0.05


@pytest.mark.parametrize("target", ["labels", "number"])
def test_several_labels_and_numbers(target: Literal["labels", "number"]) -> None:
    train = bars(60, 0)
    bright = np.arange(60) % 2
    labels = [("above",) if not one else ("below", "dark") for one in bright] if target == "labels" else bright + 0.5
    examples = read(train.inputs, labels)
    features = ImageFeatures.fit(examples, ImageFeaturesConfig(target=target))
    model = ImageBaseline().fit(examples, features)
    for outputs in model.all_outputs(bars(20, 1)).values():
        assert np.asarray(outputs).shape == ((20, 3) if target == "labels" else (20,))
    said = np.asarray(model.outputs(bars(20, 1)))
    column = said[:, 1] if target == "labels" else said - 0.5
    assert ((column > 0.5) == (np.arange(20) % 2)).mean() > 0.9


def test_gradients_are_those_of_an_edge() -> None:
    edge = np.zeros((1, 8, 8, 1), np.uint8)
    edge[:, :, 4:] = 255  # a gradient from left to right: angle 0, between the last bin and the first
    blocks = hog(edge).reshape(9, 9, 4)  # angles of 2 × 2 cells, each block of which sees the edge
    assert blocks[:, [0, 8]].max(axis=2).min() > 0.1 and blocks[:, 1:8].max() < 1e-3
    assert np.allclose(hog(edge), hog(255 - edge), atol=1e-5), "gradients have no sign"
    assert np.allclose(hog(edge // 2), hog(edge), atol=0.01), "contrast is no matter"


@pytest.mark.parametrize("name", ["baseline_images.json", "hog/baseline.json", "neighbours/neighbours.json"])
def test_what_is_missing_is_told(tmp_path: Path, name: str) -> None:
    train = bars(10, 0)
    ImageBaseline().fit(train, ImageFeatures.fit(train)).save(tmp_path)
    (tmp_path / name).write_text("{}")
    with pytest.raises(ArtifactError, match=r"save (it|the baseline) again"):
        ImageBaseline.load(tmp_path)


def test_the_report_has_all_of_them(tmp_path: Path) -> None:
    train = bars(60, 0)
    config = override(PRESETS["tiny"](), {"train": {"max_steps": 4}})
    model = ImageClassifier("tiny", config=config).fit(train)
    evaluation = model.evaluate(bars(20, 1))
    assert evaluation.baseline is not None
    assert {evaluation.baseline.name, *evaluation.baseline.others} == set(ImageBaseline.names)
    page = evaluation.save(tmp_path / "page.html").read_text()
    assert all(name in page for name in ImageBaseline.names)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(("side", "channels"), [(8, 1), (32, 3), (100, 3)])
def test_presets_fit_images_of_any_size(preset: str, side: int, channels: int) -> None:
    config = PRESETS[preset]()
    examples = read(np.zeros((2, side, side, channels), np.uint8), ["a", "b"])
    features = ImageFeatures.fit(examples, config.features)
    shape = config.model_for(features)
    assert 16 <= shape.side**2 <= 64
    logits = ViT(shape, 2)(features.source(examples).batch(np.arange(2)))
    assert logits.shape == (2, 2)
