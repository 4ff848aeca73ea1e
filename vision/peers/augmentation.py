"""Augmentation alone, in one process: timm's, image by image through Pillow, beside ours on whole batches."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from ...core.batch import Draw
from ...core.benchmark.speed import OURS, Block, Contender
from .setting import Setting
from .trainers import their_loader


def augmenters(setting: Setting) -> list[Contender]:
    """Return both: from images in memory to normalised batches."""
    source = setting.features.source(setting.train, training=True)

    def ours(repeat: int) -> None:
        for start in range(0, len(source), setting.rows):
            source.batch(np.arange(start, min(start + setting.rows, len(source))), Draw(0, repeat))

    def theirs(_: int) -> None:
        for _batch in their_loader(setting, 0):
            pass

    return [_timed(OURS, ours, setting), _timed("timm's transforms", theirs, setting)]


def _timed(name: str, work: Callable[[int], None], setting: Setting) -> Contender:
    def run(repeat: int) -> Block:
        torch.set_num_threads(setting.threads)
        start = time.perf_counter(), time.process_time()
        work(repeat)
        seconds, cpu = time.perf_counter() - start[0], time.process_time() - start[1]
        return Block(rows=setting.count, seconds=seconds, cpu_seconds=cpu)

    return Contender(name, run)
