"""The settings of an image classifier, and its presets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ..core.errors import BadValue, SettingsConflict
from ..core.nn import TransformerConfig
from ..core.training import OptimizerConfig, ScheduleConfig, TrainConfig
from ..core.tuning import Choice, IntRange, LogUniform, Space, Uniform
from .baselines import ImageClassicalConfig
from .data import AugmentConfig, ImageFeatures, ImageFeaturesConfig, View
from .model import ViTConfig

_PATCHES_A_SIDE = 8


@dataclass(frozen=True, kw_only=True)
class ImageConfig:
    """Everything that decides an image classifier beside its data.

    Where `features.size` is 0 (learned from the data), patches are an eighth of the side: 64 tokens an image.
    Otherwise `model.patch_size` counts. `backbone` names a model of timm ("timm:resnet18") that is trained in the place
    of ours. With `wide` the best classical model has a say in every answer, weighed on the held-out rows. With
    `test_flips` the Transformer's answer is the mean of those to an image and to its mirror image; with `test_shift` it
    is also asked of the image moved by so many pixels, down to the right and up to the left: each view costs a pass.
    """

    features: ImageFeaturesConfig = field(default_factory=ImageFeaturesConfig)
    model: ViTConfig = field(default_factory=ViTConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    classical: ImageClassicalConfig = field(default_factory=ImageClassicalConfig)
    backbone: str = ""
    wide: bool = True
    test_flips: bool = False
    test_shift: int = 0

    def __post_init__(self) -> None:
        if self.test_shift < 0:
            raise BadValue(f"test_shift ({self.test_shift}) must be 0 (off) or above, in pixels")

    def views(self, flip: bool) -> list[View]:
        """Return the views of an image that an answer is the mean of; mirrored ones where training saw such (`flip`).

        >>> len(ImageConfig(test_flips=True, test_shift=1).views(flip=True)), ImageConfig().views(flip=True)
        (6, [View(mirror=False, shift=0)])
        """
        shifts = dict.fromkeys((0, self.test_shift, -self.test_shift))
        return [View(mirror, shift) for mirror in dict.fromkeys((False, self.test_flips and flip)) for shift in shifts]

    def model_for(self, features: ImageFeatures) -> ViTConfig:
        """Return the model's settings with the image size, channels and patches that fit what was learned.

        Raises ConfigError where images of that size, or the smaller ones at first, cannot be cut into whole tokens.
        """
        learned = not self.features.size and not self.model.convolutions
        patch_size = features.size // _PATCHES_A_SIDE if learned else self.model.patch_size
        found = replace(self.model, image_size=features.size, channels=features.channels, patch_size=patch_size)
        small_size = self.features.augment.small_size
        if small_size % found.stride:
            raise SettingsConflict(f"features.augment.small_size ({small_size}) must be divisible by {found.stride}")
        if small_size > features.size:
            raise SettingsConflict(
                f"features.augment.small_size ({small_size}) must be at most {features.size}, the size"
            )
        return found


def finetune() -> ImageConfig:
    """For weights that were learned elsewhere (`init`): few epochs at a low rate, on crops of the images.

    What they know is so far above the classical models that these have no say in the answers. With a head that is
    fitted to them they may be best as they came, so that the weights before the first step are among the candidates.
    """
    config = _preset(width=128, num_layers=6, num_heads=4, epochs=5, batch_rows=32, lr=2e-5)
    augment = AugmentConfig(crop=0.7)
    train = replace(config.train, ema=0.99, eval_on_start=True)
    return replace(config, features=replace(config.features, augment=augment), train=train, wide=False)


def tiny() -> ImageConfig:
    """Two layers of width 64: a few thousand small images in seconds."""
    return _preset(width=64, num_layers=2, num_heads=2, epochs=40, batch_rows=64, lr=3e-3)


def small() -> ImageConfig:
    """Four layers of width 192 behind convolutions: the default; give it a budget (10m) on a processor."""
    config = _preset(width=192, num_layers=4, num_heads=3, epochs=22, batch_rows=96, lr=2e-3)
    return replace(config, model=replace(config.model, convolutions=-1, channels_first=24))


def base() -> ImageConfig:
    """Eight layers of width 256, for a GPU or hours on a processor."""
    return _preset(width=256, num_layers=8, num_heads=8, epochs=80, batch_rows=128, lr=7e-4)


def small32() -> ImageConfig:
    """`small` for images of 32 pixels, at first of 24: CIFAR-10 in minutes on a processor."""
    config = _sized(small(), 32, epochs=5.9, small_size=24, small_share=0.75)
    schedule = ScheduleConfig(name="linear", warmup=0.15)
    train = replace(config.train, batch_rows=128, evaluations=2, schedule=schedule)
    return replace(config, model=replace(config.model, channels_first=32), train=train, test_flips=True, test_shift=1)


def base32() -> ImageConfig:
    """More channels, wider layers and stronger changes to images than `small32`: CIFAR-10 in an hour on a processor.

    Its rate and weight decay are high, which gave more than any other change that was tried (docs/measurements).
    """
    config = _sized(small(), 32, epochs=36, small_size=24, small_share=0.5, trivial=0.5)
    train = replace(config.train, batch_rows=128, ema=0.999, optimizer=OptimizerConfig(lr=3e-3, weight_decay=0.2))
    encoder = replace(config.model.encoder, width=256, num_layers=3, num_heads=4)
    model = replace(config.model, channels_first=48, encoder=encoder)
    return replace(config, model=model, train=train, test_flips=True, test_shift=1)


def small64() -> ImageConfig:
    """`small` for images of 64 pixels, at first of 48."""
    return _sized(small(), 64, epochs=20, small_size=48)


def small224() -> ImageConfig:
    """`small` for photographs: crops of 224 pixels, at first of 160."""
    config = _sized(small(), 224, epochs=60, small_size=160, crop=0.35)
    optimizer = OptimizerConfig(lr=1e-3, weight_decay=0.05)
    train = replace(config.train, batch_rows=32, optimizer=optimizer)
    model = replace(config.model, channels_first=16, encoder=replace(config.model.encoder, num_layers=6))
    return replace(config, model=model, train=train)


def _preset(*, width: int, num_layers: int, num_heads: int, epochs: float, batch_rows: int, lr: float) -> ImageConfig:
    encoder = TransformerConfig(width=width, num_layers=num_layers, num_heads=num_heads, dropout=0.0)
    optimizer = OptimizerConfig(lr=lr, weight_decay=0.05)
    return ImageConfig(
        model=ViTConfig(encoder=encoder),
        train=TrainConfig(epochs=epochs, batch_rows=batch_rows, optimizer=optimizer, label_smoothing=0.1),
    )


def _sized(config: ImageConfig, size: int, *, epochs: float, **augment: Any) -> ImageConfig:
    """Return a preset for images of one size, with its own augmentation."""
    features = ImageFeaturesConfig(size=size, augment=AugmentConfig(**augment))
    return replace(config, features=features, train=replace(config.train, epochs=epochs))


PRESETS: dict[str, Callable[[], ImageConfig]] = {
    preset.__name__: preset for preset in (tiny, small, base, finetune, small32, base32, small64, small224)
}

SPACE: Space = {
    "train.optimizer.lr": LogUniform(1e-4, 1e-2, near=5),
    "train.optimizer.weight_decay": LogUniform(5e-3, 0.5),
    "train.label_smoothing": Uniform(0.0, 0.2),
    "features.augment.shift": Uniform(0.0, 0.2),
    "features.augment.flip": Choice(("auto", "on", "off")),
    "features.augment.trivial": Uniform(0.0, 1.0),
    "model.dropout": Uniform(0.0, 0.3),
    "model.encoder.dropout": Uniform(0.0, 0.3),
    "model.encoder.drop_path": Uniform(0.0, 0.3),
    "model.encoder.num_layers": IntRange(1, 12, near=2),
    "model.encoder.width": Choice(
        (32, 64, 96, 128, 192, 256, 384),
        also={"model.encoder.num_heads": (1, 2, 3, 4, 6, 8, 12)},
        near=2,
    ),
}
"""What `tune` searches, around the preset's own settings.

Patches are left alone: their side follows from the images' unless `features.size` is set.
"""
