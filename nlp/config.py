"""The settings of a text classifier, and its presets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..core.errors import ConfigError
from ..core.nn import TransformerConfig
from ..core.training import TrainConfig
from .data import TextFeaturesConfig
from .model import TextModelConfig


@dataclass(frozen=True, kw_only=True)
class TextConfig:
    """Everything that decides a text classifier beside its data.

    With `wide` the linear model has a say in every answer, weighed on the held-out rows. `reject` is the share of
    held-out rows that may be answered by "none of these"; 0: every row gets a class.
    """

    features: TextFeaturesConfig = field(default_factory=TextFeaturesConfig)
    model: TextModelConfig = field(default_factory=TextModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    wide: bool = True
    reject: float = 0.0

    def __post_init__(self) -> None:
        if self.features.max_length > self.model.max_length:
            longest, most = self.features.max_length, self.model.max_length
            raise ConfigError(f"features.max_length ({longest}) is above model.max_length ({most}); raise both")
        if not 0 <= self.reject < 1:
            raise ConfigError(f"reject ({self.reject}) must lie in [0, 1): it is a share of the held-out rows")


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
