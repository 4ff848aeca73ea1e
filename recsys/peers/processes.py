"""What work costs that a library leaves to processes of its own, as Linux tells it in `/proc`."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...core.benchmark.speed import Block

_PAUSE = 0.25


def timed_tree(rows: int, work: Callable[[], Any]) -> Block:
    """Return what `work` took, from its call to its return, with the processor's time of all processes below this.

    They are looked at four times a second, since Ray ends workers on its way, whose time nobody keeps.
    """
    before, over = ticks_below(), threading.Event()
    latest = dict(before)

    def watch() -> None:
        while not over.wait(_PAUSE):
            latest.update(ticks_below())

    watcher, start = threading.Thread(target=watch), (time.perf_counter(), time.process_time())
    watcher.start()
    try:
        work()
        seconds, mine = time.perf_counter() - start[0], time.process_time() - start[1]
        latest.update(ticks_below())
    finally:
        over.set()
        watcher.join()
    others = sum(latest.values()) - sum(before.values())
    return Block(rows=rows, seconds=seconds, cpu_seconds=mine + others / os.sysconf("SC_CLK_TCK"))


def ticks_below() -> dict[int, int]:
    """Return the ticks of processor's time that each process below this one has used."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and (fields := _fields(folder / "stat")):
            parents[int(folder.name)], ticks[int(folder.name)] = int(fields[1]), sum(map(int, fields[11:13]))
    below = {os.getpid()}
    while more := {process for process, parent in parents.items() if parent in below} - below:
        below |= more
    return {process: ticks[process] for process in below - {os.getpid()} if process in ticks}


def _fields(path: Path) -> list[str]:
    """Return the fields behind the name of a process; none where it has just ended."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
