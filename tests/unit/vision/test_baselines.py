"""The baseline learns, subsamples and says so, and is the same after saving."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fourfold.core.batch import Examples
from fourfold.core.errors import ArtifactError
from fourfold.vision import baselines
from fourfold.vision.baselines import ImageBaseline
from fourfold.vision.config import PRESETS
from fourfold.vision.data import ImageFeatures, read
from fourfold.vision.model import ViT


def bars(count: int, seed: int) -> Examples:
    """Bright above or bright below, in noise."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    images = generator.integers(0, 120, (count, 32, 32, 3), dtype=np.uint8)
    images[labels == 0, :16] += 40
    images[labels == 1, 16:] += 40
    return read(images, np.array(["above", "below"])[labels])


def test_it_learns_and_is_the_same_after_saving(tmp_path: Path) -> None:
    train, test = bars(60, 0), bars(40, 1)
    baseline = ImageBaseline().fit(train, ImageFeatures.fit(train))
    outputs = np.asarray(baseline.outputs(test))
    assert outputs.shape == (40, 2)
    assert (outputs.argmax(1) == np.arange(40) % 2).mean() == 1
    baseline.save(tmp_path)
    loaded = ImageBaseline.load(tmp_path)
    assert (np.asarray(loaded.outputs(test)) == outputs).all()
    assert loaded.name == "logistic regression on thumbnails"


def test_it_says_how_many_rows_it_was_fitted_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(baselines, "MOST_ROWS", 30)
    train = bars(60, 0)
    baseline = ImageBaseline().fit(train, ImageFeatures.fit(train), seed=1)
    assert baseline.name == "logistic regression on thumbnails (fitted on 30 of 60 rows)"
    baseline.save(tmp_path)
    assert ImageBaseline.load(tmp_path).name == baseline.name


def test_a_class_without_rows_keeps_its_column() -> None:
    train = bars(60, 0)
    features = ImageFeatures.fit(read(train.inputs[:3], ["above", "aside", "below"]))
    outputs = np.asarray(ImageBaseline().fit(train, features).outputs(train))
    assert outputs.shape == (60, 3)
    assert (outputs[:, 1] == 0).all()


def test_a_missing_name_is_told(tmp_path: Path) -> None:
    train = bars(10, 0)
    ImageBaseline().fit(train, ImageFeatures.fit(train)).save(tmp_path)
    (tmp_path / "baseline_images.json").write_text("{}")
    with pytest.raises(ArtifactError) as error:
        ImageBaseline.load(tmp_path)
    told = "missing or damaged ('name'); save the baseline again"
    assert str(error.value) == f"{tmp_path}/baseline_images.json: {told}"


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(("side", "channels"), [(8, 1), (32, 3), (100, 3)])
def test_presets_fit_images_of_any_size(preset: str, side: int, channels: int) -> None:
    config = PRESETS[preset]()
    examples = read(np.zeros((2, side, side, channels), np.uint8), ["a", "b"])
    features = ImageFeatures.fit(examples, config.features)
    shape = config.model_for(features)
    assert shape.side**2 == 64
    logits = ViT(shape, 2)(features.source(examples).batch(np.arange(2)))
    assert logits.shape == (2, 2)
