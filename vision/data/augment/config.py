"""Which changes are made, and how strong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ....core.errors import BadValue


@dataclass(frozen=True, kw_only=True)
class AugmentConfig:
    """How training images are changed.

    Images are shifted by up to `shift` of their side (He et al., 2016: the padded random crop) or, with `crop` above 0,
    cropped to a share of their area between `crop` and 1 and a ratio of the sides between 3:4 and 4:3 (Szegedy et al.,
    2015: the random resized crop). With `flip` half of them are mirrored ("auto": where the training set has colour,
    since grey images are so often characters or scans). The share `trivial` undergoes one operation of TrivialAugment
    (Müller and Hutter, 2021) at a random strength; of the share `erase` a rectangle becomes noise (Zhong et al., 2017).
    `mixup` and `cutmix` are the parameters of the Beta distributions from which mixtures of two images are drawn (Zhang
    et al., 2018; Yun et al., 2019; 0: off); with both, each image takes one at random. In the first `small_share`
    of training images are of `small_size` pixels, which cost less (progressive resizing; Howard, 2018; Touvron et al.,
    2019).
    """

    shift: float = 0.0625
    flip: Literal["auto", "on", "off"] = "auto"
    crop: float = 0.0
    trivial: float = 0.0
    erase: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    small_size: int = 0
    small_share: float = 0.6

    def __post_init__(self) -> None:
        if not 0 <= self.shift < 0.5:
            raise BadValue(f"augment.shift ({self.shift}) must lie in [0, 0.5): a share of the side")
        if self.flip not in ("auto", "on", "off"):
            raise BadValue(f"augment.flip ('{self.flip}') must be auto, on or off")
        for name in ("crop", "trivial", "erase", "small_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise BadValue(f"augment.{name} ({getattr(self, name)}) must lie in [0, 1]: a share")
        for name in ("mixup", "cutmix", "small_size"):
            if getattr(self, name) < 0:
                raise BadValue(f"augment.{name} ({getattr(self, name)}) must be 0 (off) or above")

    def size_at(self, progress: float, size: int) -> int:
        """Return the side of the images where a share of training is over, if `size` is that of the last ones.

        >>> config = AugmentConfig(small_size=24, small_share=0.6)
        >>> [config.size_at(progress, 32) for progress in (0.0, 0.5, 0.6, 0.9)]
        [24, 24, 32, 32]
        """
        return self.small_size if self.small_size and progress < self.small_share else size
