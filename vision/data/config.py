"""How images become batches: the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...core.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class ImageFeaturesConfig:
    """How images become batches.

    `size` is the side in pixels that images are brought to (0: the median of the training set, a multiple of
    8 from 16 to 64). In training, images are shifted by up to `shift` of their side and, with `flip`,
    mirrored ("auto": where the training set has colour, since grey images are so often characters or scans). `target`
    says what labels are: one class, several labels or a number ("auto": as `fit_labels` finds them). Up to the share
    `unreadable` of the images may be left out because they cannot be read; where there are more, training stops.
    """

    size: int = 0
    shift: float = 0.0625
    flip: Literal["auto", "on", "off"] = "auto"
    unreadable: float = 0.01
    target: Literal["auto", "class", "labels", "number"] = "auto"

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ConfigError(f"features.size ({self.size}) must be 0 (learned) or a number of pixels")
        if not 0 <= self.shift < 0.5:
            raise ConfigError(f"features.shift ({self.shift}) must lie in [0, 0.5): a share of the side")
        if not 0 <= self.unreadable <= 1:
            raise ConfigError(f"features.unreadable ({self.unreadable}) must lie in [0, 1]: a share of the images")
        if self.target not in ("auto", "class", "labels", "number"):
            raise ConfigError(f"features.target ('{self.target}') must be auto, class, labels or number")
        if self.flip not in ("auto", "on", "off"):
            raise ConfigError(f"features.flip ('{self.flip}') must be auto, on or off")
