"""Models that start from others: timm's, Hugging Face's and ours, at other sizes and with other classes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from fourfold.core.batch import Batch
from fourfold.core.config import override
from fourfold.core.errors import ArtifactError, ConfigError
from fourfold.core.training import Silent
from fourfold.core.training.checkpoint import CHECKPOINTS, Checkpoint, save_checkpoint
from fourfold.vision import ImageClassifier
from fourfold.vision.model.backbone import Backbone
from fourfold.vision.start import read_start

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (24, 32, 32, 3), dtype=np.uint8)
LABELS = np.array(["a", "b", "c"])[np.arange(24) % 3]


def timm_folder(folder: Path, name: str, classes: int = 5, **more: Any) -> Path:
    folder.mkdir()
    torch.manual_seed(0)
    model = timm.create_model(name, num_classes=classes, **more)
    save_file(model.state_dict(), folder / "model.safetensors")
    cfg = {"mean": [0.1, 0.2, 0.3], "std": [0.5, 0.6, 0.7], "input_size": [3, 32, 32], "num_classes": classes}
    (folder / "config.json").write_text(json.dumps({"architecture": name, "pretrained_cfg": cfg}))
    return folder


def model(init: Path, **settings: Any) -> ImageClassifier:
    train = {"train": {"epochs": 1, "batch_rows": 8}}
    config = override(override(ImageClassifier(init=init).resolve(), train), settings)
    return ImageClassifier(init=init, config=config, seed=0)


@pytest.mark.parametrize("size", [32, 48])
def test_a_vit_of_timm_at_its_own_size_and_another(tmp_path: Path, size: int) -> None:
    folder = timm_folder(tmp_path / "vit", "vit_tiny_patch16_224", img_size=32, depth=2)
    fitted = model(folder, features={"size": size}).fit(IMAGES, LABELS, valid=0, out=tmp_path / "run")
    assert (fitted.features_.size, fitted.features_.mean) == (size, (0.1, 0.2, 0.3))
    assert fitted.model_.config.encoder.width == 192 and fitted.facts_["core_share"] > 0.7
    again = ImageClassifier.load(tmp_path / "run")
    assert np.allclose(again.predict_proba(IMAGES), fitted.predict_proba(IMAGES), atol=1e-6)
    back = fitted.save_pretrained(tmp_path / "back")
    theirs = timm.create_model(f"local-dir:{back}", pretrained=True).eval()
    batch = fitted.features_.source(fitted.read(IMAGES)).batch(np.arange(24))
    with torch.no_grad():
        torch.testing.assert_close(theirs(batch["image"]), fitted.model_(batch), atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["resnet18", "efficientnet_lite0"])
def test_another_model_of_timm_trains_in_its_place(tmp_path: Path, name: str) -> None:
    folder = timm_folder(tmp_path / "net", name)
    begin = read_start(str(folder))
    fitted = model(folder).fit(IMAGES, LABELS, valid=0, out=tmp_path / "run")
    assert fitted.config_.backbone == f"timm:{name}" and begin.vit is None
    own = fitted.model_.state_dict()
    near = [key for key, value in begin.weights.items() if key.endswith("conv1.weight") or "conv_stem" in key]
    assert near and all((own[key] - begin.weights[key]).abs().max() < 0.05 for key in near)
    again = ImageClassifier.load(tmp_path / "run")
    assert np.allclose(again.predict_proba(IMAGES), fitted.predict_proba(IMAGES), atol=1e-6)
    more = model(tmp_path / "run").fit(IMAGES, LABELS, valid=0)
    assert more.config_.backbone == f"timm:{name}"
    with pytest.raises(ArtifactError, match=f"save_pretrained: timm:{name} is no Transformer of ours; use save"):
        fitted.save_pretrained(tmp_path / "x")


def test_pretrained_statistics_of_batches_stay(tmp_path: Path) -> None:
    folder = timm_folder(tmp_path / "net", "resnet10t")
    fitted = model(folder).fit(IMAGES, LABELS, valid=0)
    given = read_start(str(folder)).weights
    means = {name: value for name, value in fitted.model_.state_dict().items() if name.endswith("running_mean")}
    assert means and all(torch.equal(value, given[name]) for name, value in means.items())
    assert not torch.equal(fitted.model_.state_dict()["model.conv1.0.weight"], given["model.conv1.0.weight"])
    config = override(ImageClassifier("tiny").resolve(), {"backbone": "timm:resnet10t", "train": {"epochs": 1}})
    fresh = ImageClassifier("tiny", config=config).fit(IMAGES, LABELS, valid=0).model_.state_dict()
    assert fresh["model.bn1.running_mean"].abs().max() > 0


def test_a_backbone_from_nothing() -> None:
    config = override(ImageClassifier("tiny").resolve(), {"backbone": "timm:resnet10t", "train": {"epochs": 1}})
    fitted = ImageClassifier("tiny", config=config).fit(IMAGES, LABELS, valid=0)
    assert fitted.facts_["core_share"] == 0 and fitted.predict(IMAGES).shape == (24,)


def test_a_single_image_is_trained_on() -> None:
    model = Backbone("timm:resnet18", 2, 3, 32).train()  # which ends in one pixel
    assert model(Batch({"image": torch.randn(1, 3, 32, 32)})).shape == (1, 2)


def test_a_backbone_takes_no_smaller_images_at_first() -> None:
    settings = {"backbone": "timm:resnet10t", "features": {"augment": {"small_size": 16}}}
    config = override(ImageClassifier("tiny").resolve(), settings)
    with pytest.raises(ConfigError, match=r"small_size \(16\): a backbone sees images of one size; set it to 0"):
        ImageClassifier("tiny", config=config).fit(IMAGES, LABELS, valid=0)


def test_a_run_of_ours_with_other_classes(tmp_path: Path) -> None:
    config = override(ImageClassifier("tiny").resolve(), {"train": {"epochs": 1}})
    first = ImageClassifier("tiny", config=config).fit(IMAGES, LABELS, valid=0, out=tmp_path / "run")
    second = model(tmp_path / "run").fit(IMAGES, np.where(LABELS == "a", "x", "y"), valid=0)
    assert second.model_.config == first.model_.config and second.features_.mean == first.features_.mean


def test_the_head_fits_before_the_first_step(tmp_path: Path) -> None:
    from sklearn.datasets import load_digits

    digits = load_digits()
    images, target = digits.images[:400], digits.target[:400]
    first = override(ImageClassifier("tiny").resolve(), {"train": {"epochs": 8}})
    ImageClassifier("tiny", config=first).fit(images, target, valid=0, out=tmp_path / "first")
    names = np.array([f"digit {9 - number}" for number in target])  # the same number of classes, in another order
    still = {"train": {"max_steps": 1, "optimizer": {"lr": 1e-9}, "ema": 0.0}}
    second = model(tmp_path / "first", **still).fit(images, names, valid=0)
    assert (second.deep_outputs(second.read(images)).argmax(1) == 9 - target).mean() > 0.7


class Listener(Silent):
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, message: str) -> None:
        self.said.append(message)


def test_a_head_is_fitted_once_and_that_is_said(tmp_path: Path) -> None:
    fitted = model(timm_folder(tmp_path / "net", "resnet10t")).fit(IMAGES, LABELS, valid=0)
    assert fitted.facts_["head_seconds"] > 0
    examples, listener, net = fitted.read(IMAGES, LABELS), Listener(), fitted.model_
    before = net.heads[0].weight.detach().clone()
    save_checkpoint(tmp_path / "run" / CHECKPOINTS, Checkpoint({"step": 0}, {"model": net.state_dict()}))
    fitted.fit_heads(net, net.heads, examples, tmp_path / "run", listener)
    assert torch.equal(net.heads[0].weight, before) and not listener.said
    fitted.fit_heads(net, net.heads, examples, tmp_path / "another", listener)
    assert not torch.equal(net.heads[0].weight, before)
    assert listener.said == ["fits a head to what the pretrained weights make of 24 rows"]


def test_a_run_with_convolutions_starts_one_of_another_size(tmp_path: Path) -> None:
    small = {"features": {"size": 32}, "train": {"epochs": 1}, "model": {"channels_first": 8}}
    first = ImageClassifier(config=override(ImageClassifier().resolve(), small)).fit(IMAGES, LABELS, valid=0)
    first.save(tmp_path / "run")
    second = model(tmp_path / "run", features={"size": 64}).fit(IMAGES, LABELS, valid=0)
    assert second.model_.config.side == 8 and second.features_.size == 64
    one, two = (fitted.model_.state_dict() for fitted in (first, second))
    means = [name for name in one if name.endswith("running_mean")]
    assert means and all(torch.equal(one[name], two[name]) for name in means)


def test_wrong_starts_are_told(tmp_path: Path) -> None:
    folder = timm_folder(tmp_path / "net", "resnet10t")
    vit = timm_folder(tmp_path / "vit", "vit_tiny_patch16_224", img_size=32, depth=1)
    for init, what in (
        (folder, "a resnet10t, not timm:resnet18; leave backbone out"),
        (vit, "a vision Transformer of the core; leave backbone (timm:resnet18) out"),
    ):
        with pytest.raises(ConfigError) as error:
            model(init, backbone="timm:resnet18").resolve()
        assert str(error.value) == f"init '{init}': {what}"
    weights = load_file(folder / "model.safetensors")
    for change, said in (
        (
            {"conv1.0.weight": torch.ones(24, 3, 5, 5)},
            "weight 'model.conv1.0.weight' has the shape (24, 3, 5, 5), where the model's has the shape (24, 3, 3, 3); "
            "give those of a resnet10t",
        ),
        ({"conv1.0.weight": None}, "missing weights: 'model.conv1.0.weight'; give those of a resnet10t"),
    ):
        changed = {name: value for name, value in (weights | change).items() if value is not None}
        save_file(changed, folder / "model.safetensors")
        with pytest.raises(ArtifactError) as error:
            model(folder).fit(IMAGES, LABELS, valid=0)
        assert str(error.value) == f"{folder}: {said}"
    with pytest.raises(ConfigError, match=r"backbone 'timm:resnet81': timm has no such model; did you mean 'resnet18'"):
        config = override(ImageClassifier("tiny").resolve(), {"backbone": "timm:resnet81"})
        ImageClassifier("tiny", config=config).fit(IMAGES, LABELS, valid=0)
