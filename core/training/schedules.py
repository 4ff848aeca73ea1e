"""Learning-rate schedules: pure functions from the share of training done to a share of the peak rate."""

from __future__ import annotations

import math
from collections.abc import Callable

from .config import ScheduleConfig


def cosine(done: float, config: ScheduleConfig) -> float:
    """Half a cosine from 1 to the floor (Loshchilov and Hutter, "SGDR", 2017)."""
    return config.floor + (1 - config.floor) * 0.5 * (1 + math.cos(math.pi * done))


def linear(done: float, config: ScheduleConfig) -> float:
    """A straight line from 1 to the floor."""
    return config.floor + (1 - config.floor) * (1 - done)


def warmup_stable_decay(done: float, config: ScheduleConfig) -> float:
    """Constant, then a straight line to the floor over the last `decay` share (Hu et al., "MiniCPM", 2024)."""
    left = (1 - done) / config.decay if config.decay else 1.0
    return config.floor + (1 - config.floor) * min(1.0, left)


def constant(done: float, config: ScheduleConfig) -> float:
    """Always 1; `plateau` is this times the drops that validation asked for."""
    return 1.0


SCHEDULES: dict[str, Callable[[float, ScheduleConfig], float]] = {
    "cosine": cosine,
    "linear": linear,
    "wsd": warmup_stable_decay,
    "constant": constant,
    "plateau": constant,
}


def rate(step: int, total_steps: int, config: ScheduleConfig) -> float:
    """Return the share of the peak rate at `step` of `total_steps`: a linear warm-up, then the schedule.

    >>> [round(rate(step, 10, ScheduleConfig(name="linear", warmup=0.2)), 3) for step in (0, 1, 2, 6)]
    [0.5, 1.0, 1.0, 0.5]
    """
    warmup = math.ceil(config.warmup * total_steps)
    if step < warmup:
        return (step + 1) / warmup
    done = (step - warmup) / max(1, total_steps - warmup)
    return SCHEDULES[config.name](min(1.0, done), config)
