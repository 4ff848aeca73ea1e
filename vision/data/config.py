"""How images become batches: the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ...core.errors import BadValue
from .augment import AugmentConfig

_LARGE = 96
_MARGIN = 8 / 7


@dataclass(frozen=True, kw_only=True)
class ImageFeaturesConfig:
    """How images become batches.

    `size` is the side in pixels that images are brought to (0: the median of the training set, a multiple of
    8 from 16 to 64); from 96 pixels on they are kept a seventh larger, of which prediction sees the middle. `augment`
    says how training images are changed; `target` what labels are: one class, several labels or a number ("auto": as
    `fit_labels` finds them). Up to the share `unreadable` of the images may be left out because they cannot be read;
    where there are more, training stops.
    """

    size: int = 0
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    unreadable: float = 0.01
    target: Literal["auto", "class", "labels", "number"] = "auto"

    def __post_init__(self) -> None:
        if self.size < 0:
            raise BadValue(f"features.size ({self.size}) must be 0 (learned) or a number of pixels")
        if not 0 <= self.unreadable <= 1:
            raise BadValue(f"features.unreadable ({self.unreadable}) must lie in [0, 1]: a share of the images")
        if self.target not in ("auto", "class", "labels", "number"):
            raise BadValue(f"features.target ('{self.target}') must be auto, class, labels or number")


def kept_size(size: int) -> int:
    """Return the side at which images of this size are kept.

    >>> kept_size(32), kept_size(224)
    (32, 256)
    """
    return round(size * _MARGIN) if size >= _LARGE else size
