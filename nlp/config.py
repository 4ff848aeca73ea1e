"""The settings of a text classifier, and its presets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..core.errors import ConfigError
from ..core.nn import TransformerConfig
from ..core.training import TrainConfig
from ..core.tuning import Choice, IntRange, LogUniform, Space, Uniform
from .data import TextFeaturesConfig
from .model import TextModelConfig


@dataclass(frozen=True, kw_only=True)
class TextConfig:
    """Everything that decides a text classifier beside its data."""

    features: TextFeaturesConfig = field(default_factory=TextFeaturesConfig)
    model: TextModelConfig = field(default_factory=TextModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)

    def __post_init__(self) -> None:
        if self.features.max_length > self.model.max_length:
            longest, most = self.features.max_length, self.model.max_length
            raise ConfigError(f"features.max_length ({longest}) is above model.max_length ({most}); raise both")


def tiny() -> TextConfig:
    """Two layers of width 64: a first look in seconds."""
    return _preset(width=64, num_layers=2, epochs=12, vocab_size=4000, dropout=0.1, token_dropout=0.1)


def small() -> TextConfig:
    """Two layers of width 128, well regularised: the default, minutes on a processor."""
    return _preset(width=128, num_layers=2, epochs=6, vocab_size=8000, dropout=0.3, token_dropout=0.3)


def base() -> TextConfig:
    """Six layers of width 256, for some 100,000 rows or more."""
    return _preset(width=256, num_layers=6, epochs=6, vocab_size=16000, dropout=0.3, token_dropout=0.3)


def _preset(
    *, width: int, num_layers: int, epochs: float, vocab_size: int, dropout: float, token_dropout: float
) -> TextConfig:
    encoder = TransformerConfig(width=width, num_layers=num_layers, num_heads=width // 32)
    return TextConfig(
        features=TextFeaturesConfig(vocab_size=vocab_size, token_dropout=token_dropout),
        model=TextModelConfig(encoder=encoder, dropout=dropout),
        train=TrainConfig(epochs=epochs, batch_rows=64, batch_tokens=8192, label_smoothing=0.1),
    )


PRESETS: dict[str, Callable[[], TextConfig]] = {"tiny": tiny, "small": small, "base": base}

SPACE: Space = {
    "train.optimizer.lr": LogUniform(1e-4, 1e-2, near=5),
    "train.optimizer.weight_decay": LogUniform(1e-3, 0.3),
    "train.label_smoothing": Uniform(0.0, 0.2),
    "train.epochs": Uniform(1.0, 40.0, near=2),
    "features.vocab_size": Choice((2000, 4000, 8000, 16000, 32000), near=2),
    "features.token_dropout": Uniform(0.0, 0.5),
    "model.dropout": Uniform(0.0, 0.5),
    "model.encoder.dropout": Uniform(0.0, 0.4),
    "model.encoder.num_layers": IntRange(1, 12, near=2),
    "model.encoder.width": Choice(
        (32, 64, 96, 128, 192, 256, 384),
        also={"model.encoder.num_heads": (1, 2, 3, 4, 6, 8, 12)},
        near=2,
    ),
}
"""What `tune` searches, around the preset's own settings."""
