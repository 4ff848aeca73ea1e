"""Augmentation alone, in one process: timm's, image by image through Pillow, beside ours on whole batches."""

from __future__ import annotations

import numpy as np
import torch

from ...core.batch import Draw
from ...core.benchmark.speed import OURS, Contender, timed
from .setting import Setting
from .trainers import their_loader


def augmenters(setting: Setting) -> list[Contender]:
    """Return both: from images in memory to normalised batches."""
    torch.set_num_threads(setting.threads)
    source = setting.features.source(setting.train, training=True)

    def ours() -> None:
        for start in range(0, len(source), setting.rows):
            source.batch(np.arange(start, min(start + setting.rows, len(source))), Draw(0, 0))

    def theirs() -> None:
        for _batch in their_loader(setting, 0):
            pass

    return [timed(OURS, setting.count, ours), timed("timm's transforms", setting.count, theirs)]
