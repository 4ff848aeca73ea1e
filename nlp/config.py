"""The settings of a text classifier, and its presets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..core.errors import BadValue, SettingsConflict
from ..core.nn import TransformerConfig
from ..core.training import OptimizerConfig, ScheduleConfig, TrainConfig
from ..core.tuning import Choice, IntRange, LogUniform, Space, Uniform
from .baselines import TextClassicalConfig
from .data import TextFeaturesConfig
from .model import TextModelConfig


@dataclass(frozen=True, kw_only=True)
class PretrainConfig:
    """How a model learns the language before the labels; `epochs` 0: not at all.

    Of all tokens the share `mask` is to be guessed: four fifths of these are hidden, a tenth are replaced by random
    ones, a tenth stay.
    """

    epochs: float = 0.0
    mask: float = 0.15
    batch_rows: int = 256
    batch_tokens: int = 8192
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)

    def __post_init__(self) -> None:
        if self.epochs < 0:
            raise BadValue(f"pretrain.epochs ({self.epochs}) must be 0 (none) or above")
        if not 0 < self.mask < 1:
            raise BadValue(f"pretrain.mask ({self.mask}) must lie in (0, 1)")

    def train_config(self, train: TrainConfig) -> TrainConfig:
        """Return the trainer's settings: these, and what `train` says of the machine."""
        return replace(
            train, epochs=self.epochs, max_steps=0, max_tokens=0, budget=None, batch_rows=self.batch_rows,
            batch_tokens=self.batch_tokens, optimizer=self.optimizer, metric=None, patience=0, ema=0.0,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TextConfig:
    """Everything that decides a text classifier beside its data.

    With `wide` the linear model has a say in every answer, weighed on the held-out rows. `reject` is the share of
    held-out rows that may be answered by "none of these"; 0: every row gets a class.
    """

    features: TextFeaturesConfig = field(default_factory=TextFeaturesConfig)
    model: TextModelConfig = field(default_factory=TextModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    pretrain: PretrainConfig = field(default_factory=PretrainConfig)
    classical: TextClassicalConfig = field(default_factory=TextClassicalConfig)
    wide: bool = True
    reject: float = 0.0

    def __post_init__(self) -> None:
        if self.features.max_length > self.model.max_length:
            longest, most = self.features.max_length, self.model.max_length
            raise SettingsConflict(f"features.max_length ({longest}) is above model.max_length ({most}); raise both")
        if not 0 <= self.reject < 1:
            raise BadValue(f"reject ({self.reject}) must lie in [0, 1): it is a share of the held-out rows")


def finetune() -> TextConfig:
    """For weights that were learned elsewhere (`init`): few epochs at a low rate."""
    config = _preset(width=128, num_layers=2, epochs=3, vocab_size=8000, dropout=0.1, token_dropout=0.0)
    optimizer = OptimizerConfig(lr=1e-4, beta2=0.999)
    schedule = ScheduleConfig(name="linear", warmup=0.1)
    train = replace(
        config.train, batch_rows=32, max_tokens=0, optimizer=optimizer, schedule=schedule, label_smoothing=0.0
    )
    return replace(config, train=train)


def tiny() -> TextConfig:
    """Two layers of width 64: a first look in seconds."""
    return _preset(width=64, num_layers=2, epochs=12, vocab_size=4000, dropout=0.1, token_dropout=0.1)


def small() -> TextConfig:
    """Two layers of width 256, strongly regularised: the default, minutes on a processor.

    It trains for 15 epochs, and for 2.8 million tokens at most (`train.max_tokens`), but for one epoch at least.
    """
    config = _preset(width=256, num_layers=2, epochs=15, vocab_size=8000, dropout=0.3, token_dropout=0.3)
    return replace(config, train=replace(config.train, ema=0.999))


def base() -> TextConfig:
    """Six layers of width 256, for some 100,000 rows or more."""
    config = _preset(width=256, num_layers=6, epochs=6, vocab_size=16000, dropout=0.3, token_dropout=0.3)
    return replace(config, train=replace(config.train, max_tokens=0))


def _preset(
    *, width: int, num_layers: int, epochs: float, vocab_size: int, dropout: float, token_dropout: float
) -> TextConfig:
    encoder = TransformerConfig(width=width, num_layers=num_layers, num_heads=width // 32)
    return TextConfig(
        features=TextFeaturesConfig(vocab_size=vocab_size, token_dropout=token_dropout),
        model=TextModelConfig(encoder=encoder, dropout=dropout),
        train=TrainConfig(epochs=epochs, max_tokens=2_800_000, batch_rows=64, batch_tokens=8192, label_smoothing=0.1),
    )


PRESETS: dict[str, Callable[[], TextConfig]] = {"tiny": tiny, "small": small, "base": base, "finetune": finetune}

SPACE: Space = {
    "train.optimizer.lr": LogUniform(1e-4, 1e-2, near=5),
    "train.optimizer.weight_decay": LogUniform(1e-3, 0.3),
    "train.label_smoothing": Uniform(0.0, 0.2),
    "train.epochs": Uniform(1.0, 40.0, near=2),
    "train.max_tokens": Choice((1_400_000, 2_800_000, 5_600_000, 11_200_000), near=2),
    "features.vocab_size": Choice((2000, 4000, 8000, 16000, 32000), near=2),
    "features.token_dropout": Uniform(0.0, 0.8),
    "model.dropout": Uniform(0.0, 0.7),
    "model.encoder.dropout": Uniform(0.0, 0.4),
    "model.encoder.num_layers": IntRange(1, 12, near=2),
    "model.encoder.width": Choice(
        (32, 64, 96, 128, 192, 256, 384),
        also={"model.encoder.num_heads": (1, 2, 3, 4, 6, 8, 12)},
        near=2,
    ),
}
"""What `tune` searches, around the preset's own settings."""
