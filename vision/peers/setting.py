"""What all contenders share: images, the model's shape and first weights, and the steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from ...core.batch import Examples
from ...core.benchmark.peers import case_of
from ..benchmark import CASES
from ..data import ImageFeatures, ImageFeaturesConfig
from ..data.augment import AugmentConfig
from ..model import ViT
from ..pretrained import of_timm, start

NAME = "vit_tiny_patch16_224"
RATE, DECAY, ERASE = 1e-3, 0.05, 0.25
_SHAPES = {"cifar10": (32, 4, 128), "hymenoptera": (224, 16, 16)}
"""By case: the side of the images, that of the patches, and the rows a step."""

_TEST_ROWS = 2000


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A case at one image size; a block is `steps` steps over images drawn from its training rows."""

    train: Examples
    test: Examples
    features: ImageFeatures
    patch: int
    rows: int
    steps: int
    threads: int

    @property
    def size(self) -> int:
        """The side of the images."""
        return self.features.size

    @property
    def count(self) -> int:
        """The images of a block."""
        return self.rows * self.steps

    def their_model(self) -> Any:
        """Return timm's ViT with its first weights, the same at each call."""
        import timm

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return timm.create_model(
                NAME, img_size=self.size, patch_size=self.patch, num_classes=len(self.features.classes)
            )

    def our_model(self) -> ViT:
        """Return ours with the same weights."""
        found = of_timm(self.their_model().state_dict())
        model = ViT(found.config, len(self.features.classes))
        start(model, found)
        return model

    def pictures(self) -> list[tuple[Image.Image, int]]:
        """Return the images of a block as Pillow has them, with the numbers of their classes."""
        labels = self.features.classes.encode(self.train)
        table = self.features.pixels(self.train)
        return [(Image.fromarray(table[row]), int(labels[row])) for row in range(len(self.train))]


def load_setting(name: str, steps: int, threads: int) -> Setting:
    """Load a case; raise ConfigError where there is none of that name, DataError where its data are missing."""
    split = case_of((case for case in CASES if case.name in _SHAPES), name).load(0)
    size, patch, rows = _SHAPES[name]
    random = np.random.default_rng(0)
    repeated = np.resize(random.permutation(len(split.train)), rows * steps)
    measured = random.permutation(len(split.test))[:_TEST_ROWS]
    augment = AugmentConfig(crop=0.08, trivial=1.0, erase=ERASE)
    features = ImageFeatures.fit(split.train, ImageFeaturesConfig(size=size, augment=augment))
    return Setting(
        train=split.train.take(repeated),
        test=split.test.take(measured),
        features=features,
        patch=patch,
        rows=rows,
        steps=steps,
        threads=threads,
    )
