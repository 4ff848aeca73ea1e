"""One epoch of ViT-Ti: timm's training loop as it ships and tuned, and ours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch.utils.data import DataLoader

from ...core.benchmark.clock import Clock
from ...core.benchmark.speed import OURS, Block, Contender
from ...core.device import cpu_has_bfloat16
from ...core.training import Classification, OptimizerConfig, ScheduleConfig, TrainConfig, Trainer
from .setting import DECAY, ERASE, RATE, Setting

CPU = torch.device("cpu")
_RANDAUGMENT = "rand-m9-inc1"  # without its noise (mstd0.5), which asks Pillow to keep 0 bits now and then


def trainers(setting: Setting) -> list[Contender]:
    """Return A (timm's loop as shipped), B (tuned) and ours."""
    fast = torch.bfloat16 if cpu_has_bfloat16() else torch.float32
    return [
        Contender("timm's loop as shipped", lambda repeat: _theirs(setting, repeat, 4, torch.float32, fused=False)),
        Contender("timm's loop, tuned", lambda repeat: _theirs(setting, repeat, 2, fast, fused=True)),
        Contender(OURS, lambda repeat: _ours(setting, repeat)),
    ]


def their_loader(setting: Setting, workers: int) -> Any:
    """Return timm's loader: random resized crops, flips, RandAugment and erasing, image by image."""
    from timm.data import create_loader

    size = setting.size
    loader: Any = create_loader(
        _Pictures(setting.pictures()), (3, size, size), setting.rows, is_training=True, re_prob=ERASE, re_mode="pixel",
        auto_augment=_RANDAUGMENT, mean=setting.features.mean, std=setting.features.std, num_workers=workers,
        persistent_workers=False, use_prefetcher=False, device=CPU,
    )  # fmt: skip
    return loader


def _theirs(setting: Setting, repeat: int, workers: int, dtype: torch.dtype, *, fused: bool) -> Block:
    """Train as timm's script does, which reads the loss after each step; the workers' start is not counted."""
    from timm.optim import create_optimizer_v2

    torch.manual_seed(repeat)
    torch.set_num_threads(setting.threads)
    model, clock = setting.their_model().train(), Clock()
    more = {"fused": True} if fused else {}
    optimizer = create_optimizer_v2(model, opt="adamw", lr=RATE, weight_decay=DECAY, **more)
    seen = 0
    for number, (images, labels) in enumerate(_started(their_loader(setting, workers), clock)):
        with torch.autocast("cpu", dtype=dtype, enabled=dtype != torch.float32):
            loss = torch.nn.functional.cross_entropy(model(images), labels, label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        loss.item()
        seen += len(labels)
        clock.advance(number + 1)
    return clock.block(seen)


def _started(loader: DataLoader[Any], clock: Clock) -> Iterable[Any]:
    for number, batch in enumerate(loader):
        if number == 0:
            clock.begin(0, len(loader))
        yield batch


def _ours(setting: Setting, repeat: int) -> Block:
    clock = Clock()
    config = TrainConfig(
        epochs=1, batch_rows=setting.rows, seed=repeat, threads=setting.threads, label_smoothing=0.1,
        optimizer=OptimizerConfig(lr=RATE, weight_decay=DECAY), schedule=ScheduleConfig(name="constant", warmup=0.0),
    )  # fmt: skip
    source = setting.features.source(setting.train, training=True)
    Trainer(config, CPU, observer=clock).fit(Classification(setting.our_model(), 0.1), source)
    return clock.block(len(source))


class _Pictures:
    """A map-style data set of Pillow images; timm's loader sets its `transform`."""

    def __init__(self, items: list[tuple[Any, int]]):
        self.items = items
        self.transform: Any = None

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, row: int) -> tuple[Any, int]:
        image, label = self.items[row]
        return self.transform(image.convert("RGB")), label
