"""What stands around the loop: signals are noted and answered by a checkpoint, the user's randomness is given back."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType

import torch


@contextlib.contextmanager
def kept_randomness() -> Iterator[None]:
    """Give the user's own random state back at the end."""
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    try:
        yield
    finally:
        torch.set_rng_state(state)
        if devices:
            torch.cuda.set_rng_state_all(devices)
        torch.set_num_threads(threads)


@contextlib.contextmanager
def noted_signals() -> Iterator[Callable[[], int]]:
    """Note SIGTERM and SIGINT instead of dying of them; outside the main thread they are left alone."""
    received = [0]

    def note(number: int, frame: FrameType | None) -> None:
        if received[0]:  # asked twice: at once
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        received[0] = number

    before = {}
    with contextlib.suppress(ValueError):
        before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: received[0]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
