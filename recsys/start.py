"""Going on from an earlier run with new rows, whose values may be new: a warm start on another day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from ..core import artifact
from ..core.config import from_dict
from ..core.device import without_memory
from ..core.errors import NoSuchModel, WrongStart
from ..core.nn.table import FusedTable
from .config import ClickConfig
from .data import ClickFeatures
from .domain import DOMAIN
from .model import ClickModel

_OWN = ("group", "time", "split", "unreadable", "field_dropout", "min_count")


@dataclass(frozen=True, kw_only=True, eq=False)
class Start:
    """A run to start from: its settings, fields and weights."""

    name: str
    config: ClickConfig
    features: ClickFeatures
    weights: dict[str, Tensor]


def read_start(init: str) -> Start:
    """Read a run of ours; raises ArtifactError where the folder holds none, or one without a trained model."""
    folder = Path(init)
    if not folder.is_dir():
        raise NoSuchModel(f"init '{init}': no such folder; give one that `fourfold recsys train` wrote")
    manifest = artifact.read_start(folder, DOMAIN.name)
    with artifact.told(folder):
        config = from_dict(ClickConfig, manifest.config)
        features = ClickFeatures.load(folder, config.features)
        with torch.device("meta"):
            model = ClickModel.of(config.model, features)
        weights = artifact.load_weights(folder, model)
    return Start(name=str(folder), config=config, features=features, weights=weights)


def adopt(config: ClickConfig, start: Start) -> ClickConfig:
    """Return the model and the fields of the run with the training of `config`.

    What says how rows are held out, ranked, hidden or left out is `config`'s own where it was set.
    """
    usual, features = ClickConfig().features, start.config.features
    if (conversion := config.features.conversion) not in ("", features.conversion):
        raise WrongStart(
            f"init '{start.name}': it learned {'no conversions' if not features.conversion else features.conversion}; "
            f"features.conversion ({conversion}) needs a model trained from nothing"
        )
    own = {name: getattr(config.features, name) for name in _OWN}
    kept = {name: value for name, value in own.items() if value != getattr(usual, name)}
    return replace(config, model=start.config.model, features=replace(features, **kept))


def begin_with(model: nn.Module, start: Start) -> None:
    """Copy the run's weights into a model over grown vocabularies, in place; rows of new values stay as drawn."""
    with without_memory():
        before = ClickModel.of(start.config.model, start.features)
    tables = {f"{name}.embedding.weight" for name, one in model.named_modules() if isinstance(one, FusedTable)}
    with torch.no_grad():
        for name, parameter in model.state_dict().items():
            given = start.weights[name]
            if name not in tables:
                parameter.copy_(given)
                continue
            module = name.removesuffix(".embedding.weight")
            sizes = [_sizes(one, module) for one in (before, model)]
            for old, new in zip(torch.split(given, sizes[0]), torch.split(parameter, sizes[1]), strict=True):
                new[: len(old)] = old


def _sizes(model: nn.Module, name: str) -> list[int]:
    table = model.get_submodule(name)
    assert isinstance(table, FusedTable)
    return list(table.sizes)
