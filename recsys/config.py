"""The settings of a click model, and its presets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from ..core.nn import TransformerConfig
from ..core.training import OptimizerConfig, TrainConfig
from ..core.tuning import Choice, IntRange, LogUniform, Space, Uniform
from .data import ClickFeaturesConfig
from .model import ClickModelConfig


@dataclass(frozen=True, kw_only=True)
class ClickConfig:
    """Everything that decides a click model beside its data."""

    features: ClickFeaturesConfig = field(default_factory=ClickFeaturesConfig)
    model: ClickModelConfig = field(default_factory=ClickModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)


def tiny() -> ClickConfig:
    """One layer of width 16: a first look in seconds."""
    return _preset(width=16, num_layers=1, epochs=4)


def small() -> ClickConfig:
    """Two layers of width 32: the default, about a minute for 40,000 rows of 14 fields on a processor."""
    return _preset(width=32, num_layers=2, epochs=6)


def base() -> ClickConfig:
    """Three layers of width 64, for some 200,000 rows or more."""
    return _preset(width=64, num_layers=3, epochs=6, precision="auto")


def _preset(
    *, width: int, num_layers: int, epochs: float, precision: Literal["auto", "float32"] = "float32"
) -> ClickConfig:
    """Return a preset; at width 32 the casts to bfloat16 eat what they save, at 64 it is 1.5 times as fast."""
    encoder = TransformerConfig(width=width, num_layers=num_layers, num_heads=2, hidden=2 * width, dropout=0.2)
    return ClickConfig(
        model=ClickModelConfig(encoder=encoder, dropout=0.2),
        train=TrainConfig(
            epochs=epochs,
            batch_rows=256,
            optimizer=OptimizerConfig(lr=3e-3),
            ema=0.998,
            metric="roc_auc",
            precision=precision,
        ),
    )


PRESETS: dict[str, Callable[[], ClickConfig]] = {"tiny": tiny, "small": small, "base": base}

SPACE: Space = {
    "train.optimizer.lr": LogUniform(1e-4, 3e-2, near=5),
    "train.optimizer.table_lr": LogUniform(5e-3, 0.5),
    "train.optimizer.weight_decay": LogUniform(1e-3, 0.3),
    "train.batch_rows": Choice((64, 128, 256, 512, 1024), near=4),
    "train.epochs": Uniform(1.0, 40.0, near=2),
    "model.dropout": Uniform(0.0, 0.5),
    "model.encoder.dropout": Uniform(0.0, 0.5),
    "model.encoder.num_layers": IntRange(1, 6, near=2),
    "model.encoder.width": Choice(
        (8, 16, 24, 32, 48, 64, 96, 128),
        also={"model.encoder.hidden": (16, 32, 48, 64, 96, 128, 192, 256)},
        near=2,
    ),
}
"""What `tune` searches, around the preset's own settings."""
