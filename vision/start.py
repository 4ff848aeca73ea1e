"""What a model starts from: a folder of timm's or Hugging Face's, a name on the hub, or a run of ours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from ..core import artifact
from ..core.config import from_dict
from ..core.errors import ArtifactError, WrongStart, WrongWeights
from ..core.hub import find_folder, read_json, read_state
from .config import ImageConfig
from .data import ImageFeatures, Moments
from .domain import DOMAIN
from .model import ImageModel, ViT
from .model.backbone import PREFIX, Backbone
from .pretrained import Pretrained, hub_name, of_timm, read_pretrained, start


@dataclass(frozen=True, kw_only=True, eq=False)
class Start:
    """Weights to start from: those of a ViT of ours, or of a model of timm's by the name of its architecture."""

    name: str
    size: int
    moments: Moments
    vit: Pretrained | None = None
    architecture: str = ""
    weights: dict[str, Tensor]


def read_start(source: str) -> Start:
    """Read pretrained weights; ArtifactError says what is wrong with the folder."""
    folder = find_folder(hub_name(source))
    values = read_json(folder / "config.json")
    if values.get("format") == artifact.FORMAT:
        return _ours(folder)
    if "architecture" not in values:
        return _of_vit(read_pretrained(folder))
    try:
        return _of_vit(of_timm(read_state(folder), source, values))
    except ArtifactError:  # another model of timm's, or a ViT with parts that ours has not
        return _of_backbone(folder, source)


def adopt(config: ImageConfig, begin: Start) -> ImageConfig:
    """Return `config` with the shape of the pretrained model; what only acts in training, as dropout, stays its own.

    Images are brought to the size that it was trained with unless `features.size` says otherwise.
    """
    size = config.features.size or begin.size
    features = replace(config.features, size=size)
    if begin.vit is None:
        if config.backbone not in ("", PREFIX + begin.architecture):
            raise WrongStart(f"init '{begin.name}': a {begin.architecture}, not {config.backbone}; leave backbone out")
        return replace(config, features=features, backbone=PREFIX + begin.architecture)
    if config.backbone:
        raise WrongStart(
            f"init '{begin.name}': a vision Transformer of the core; leave backbone ({config.backbone}) out"
        )
    wished, theirs = config.model, begin.vit.config
    encoder = wished.encoder.with_shape_of(theirs.encoder)
    if theirs.convolutions:  # their number must not follow from another size
        theirs = replace(theirs, convolutions=theirs.halvings)
    size -= size % theirs.stride
    features = replace(features, size=size)
    return replace(
        config, features=features, model=replace(theirs, encoder=encoder, image_size=size, dropout=wished.dropout)
    )


def build(config: ImageConfig, features: ImageFeatures) -> ViT | Backbone:
    """Build the ViT, or timm's model, for these images and labels."""
    classes = len(features.classes)
    if config.backbone:
        return Backbone(config.backbone, classes, features.channels, features.size)
    return ViT(config.model_for(features), classes)


def begin_with(model: nn.Module, begin: Start) -> None:
    """Copy the weights into a fresh model; the head stays as it was drawn where the number of classes differs."""
    assert isinstance(model, ImageModel)
    model.keeps_statistics = True
    if begin.vit is not None:
        assert isinstance(model, ViT)
        start(model, begin.vit)
        return
    assert isinstance(model, Backbone)
    own = model.state_dict()
    wanted = {name for name in own if not name.endswith("num_batches_tracked")}
    lacking = sorted(wanted - begin.weights.keys() - {name for name in own if name.startswith(model.head)})
    if lacking:
        raise WrongWeights(f"{begin.name}: missing weights: '{lacking[0]}'; give those of a {begin.architecture}")
    with torch.no_grad():
        for name, value in own.items():
            given = begin.weights.get(name)
            if given is not None and given.shape == value.shape:
                value.copy_(given)
            elif given is not None and not name.startswith(model.head):
                what = f"has the shape {tuple(given.shape)}, where the model's has the shape {tuple(value.shape)}"
                raise WrongWeights(f"{begin.name}: weight '{name}' {what}; give those of a {begin.architecture}")


def _of_vit(found: Pretrained) -> Start:
    return Start(name=found.name, size=found.config.image_size, moments=found.moments, vit=found, weights=found.weights)


def _of_backbone(folder: Path, name: str) -> Start:
    values = read_json(folder / "config.json")
    found = values.get("pretrained_cfg")
    cfg = found if isinstance(found, dict) else {}
    size = (cfg.get("input_size") or (3, 224, 224))[-1]
    mean, std = (
        tuple(map(float, cfg.get(part) or usual))
        for part, usual in (("mean", (0.485, 0.456, 0.406)), ("std", (0.229, 0.224, 0.225)))
    )
    weights = {f"model.{key}": value for key, value in read_state(folder).items()}
    architecture = str(values["architecture"])
    return Start(name=name, size=int(size), moments=(mean, std), architecture=architecture, weights=weights)


def _ours(folder: Path) -> Start:
    manifest = artifact.read_start(folder, DOMAIN.name)
    with artifact.told(folder):
        config = from_dict(ImageConfig, manifest.config)
        features = ImageFeatures.load(folder)
        with torch.device("meta"):
            model = build(config, features)
        weights = artifact.load_weights(folder, model)
    name, moments = str(folder), (features.mean, features.std)
    if config.backbone:
        architecture = config.backbone.removeprefix(PREFIX)
        return Start(name=name, size=features.size, moments=moments, architecture=architecture, weights=weights)
    vit = Pretrained(config=config.model_for(features), weights=weights, moments=moments, name=name)
    return Start(name=name, size=features.size, moments=moments, vit=vit, weights=weights)
