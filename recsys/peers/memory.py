"""The most memory that training takes, each contender in a process of its own."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from ...core.benchmark.speed import Block, Contender
from .setting import Setting
from .training import trainers


def alone(setting: Setting) -> list[Contender]:
    """Return the trainers, whose blocks tell `peak_mb`: all that a process held, rows and libraries included."""
    return [Contender(one.name, partial(_in_a_process, setting, one.name)) for one in trainers(setting)]


def _in_a_process(setting: Setting, name: str, repeat: int) -> Block:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, setting, name, repeat).result()


def _measured(setting: Setting, name: str, repeat: int) -> Block:
    found = next(one for one in trainers(setting) if one.name == name).run(repeat)
    return replace(found, more={"peak_mb": _peak_kilobytes() / 1024})


def _peak_kilobytes() -> int:
    """Return the peak of this process alone; `getrusage` would tell that of its parent where it was higher."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
