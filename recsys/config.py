"""The settings of a click model, and its presets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ..core.nn import TransformerConfig
from ..core.training import OptimizerConfig, ScheduleConfig, TrainConfig
from ..core.tuning import Choice, IntRange, LogUniform, Space, Uniform
from .baselines import ClickClassicalConfig
from .data import ClickFeaturesConfig
from .model import ClickModelConfig, MLPConfig, Part, StreamsConfig


@dataclass(frozen=True, kw_only=True)
class ClickConfig:
    """Everything that decides a click model beside its data.

    With `wide` the better of the classical models has a say in every answer, weighed on the held-out rows.
    """

    features: ClickFeaturesConfig = field(default_factory=ClickFeaturesConfig)
    model: ClickModelConfig = field(default_factory=ClickModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    classical: ClickClassicalConfig = field(default_factory=ClickClassicalConfig)
    wide: bool = True


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


def finetune() -> ClickConfig:
    """For going on from a run (`init`) with the rows of another day: its model and fields, over them once."""
    config = _preset(width=32, num_layers=2, epochs=1)
    schedule = ScheduleConfig(name="linear", warmup=0.05)
    return replace(config, train=replace(config.train, schedule=schedule, optimizer=OptimizerConfig(lr=1e-3)))


def lr() -> ClickConfig:
    """Logistic regression: a weight for each value."""
    return _published("linear")


def fm() -> ClickConfig:
    """A factorisation machine (Rendle, 2010)."""
    return _published("linear", "fm")


def wide_deep() -> ClickConfig:
    """Wide & Deep (Cheng et al., 2016): a weight for each value beside a perceptron."""
    return _published("linear", "mlp", dropout=0.2)


def deepfm() -> ClickConfig:
    """DeepFM (Guo et al., 2017): a factorisation machine beside a perceptron, as published for Frappe."""
    return _published("linear", "fm", "mlp", dropout=0.2)


def dcnv2() -> ClickConfig:
    """DCN-V2 (Wang et al., 2021): four cross layers beside a perceptron."""
    return _published("cross", "mlp", dropout=0.4, cross_layers=4)


def xdeepfm() -> ClickConfig:
    """xDeepFM (Lian et al., 2018): compressed interactions, of one layer as for Frappe, beside a perceptron."""
    return _published("linear", "cin", "mlp", dropout=0.2, table_l2=0.1, cin_hidden=(64,))


def autoint() -> ClickConfig:
    """AutoInt+ (Song et al., 2019): attention between the fields, by the core encoder, beside a perceptron."""
    encoder = TransformerConfig(width=64, num_layers=2, num_heads=4, hidden=128, dropout=0.1)
    return _published("linear", "transformer", "mlp", dropout=0.2, encoder=encoder)


def finalmlp() -> ClickConfig:
    """FinalMLP (Mao et al., 2023): two perceptrons joined by bilinear products, the best on Frappe."""
    first, second = (MLPConfig(hidden=(width,), dropout=0.4) for width in (400, 100))
    return _published("streams", streams=StreamsConfig(first=first, second=second, num_heads=5, gate=400))


def _published(*parts: Part, dropout: float = 0.0, table_l2: float = 0.05, **model: Any) -> ClickConfig:
    """Return the recipe that published accuracies rest on (Zhu et al., "BARS", 2022): embeddings of width 10 under a
    strong penalty, dense Adam, and a tenth of the rate whenever the area on the validation rows has not grown.

    Its sets have 200,000 rows or more; batches of smaller sets are smaller, or an epoch would be a step or two."""
    optimizer = OptimizerConfig(lr=1e-3, weight_decay=0.0, beta2=0.999, clip=10.0, table_l2=table_l2)
    return ClickConfig(
        features=ClickFeaturesConfig(min_count=1, field_dropout=0.0),
        model=ClickModelConfig(
            parts=parts, width=10, deviation=1e-4, gain="one", mlp=MLPConfig(dropout=dropout), **model
        ),
        train=TrainConfig(
            epochs=100,
            batch_rows=4096,
            epoch_steps=20,
            optimizer=optimizer,
            schedule=ScheduleConfig(name="plateau", warmup=0.0, drop=0.1),
            evaluations=100,
            patience=2,
            metric="roc_auc",
            precision="float32",
        ),
        wide=False,
    )


PRESETS: dict[str, Callable[[], ClickConfig]] = {
    preset.__name__: preset
    for preset in (tiny, small, base, finetune, lr, fm, wide_deep, deepfm, dcnv2, xdeepfm, autoint, finalmlp)
}

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
