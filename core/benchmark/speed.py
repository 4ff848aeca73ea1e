"""Speed side by side: contenders do the same work in blocks that take turns, so that a slow minute hits all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

OURS = "ours"


@dataclass(frozen=True, kw_only=True)
class Block:
    """Work done once: rows, the seconds of the clock and of the processor, and (0 to 1) how good the result is.

    `more` are further figures by name, such as the seconds of a stage.
    """

    rows: int
    seconds: float
    cpu_seconds: float
    quality: float | None = None
    more: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Contender:
    """Someone who does the work; `run(repeat)` does a block of it, the same rows for every contender."""

    name: str
    run: Callable[[int], Block]


def timed(name: str, rows: int, work: Callable[[], Any]) -> Contender:
    """Return who does `work` on so many rows, the same at each repeat, timed from its call to its return."""

    def run(_: int) -> Block:
        start = time.perf_counter(), time.process_time()
        work()
        return Block(rows=rows, seconds=time.perf_counter() - start[0], cpu_seconds=time.process_time() - start[1])

    return Contender(name, run)


def take_turns(contenders: Sequence[Contender], repeats: int) -> dict[str, list[Block]]:
    """Run every contender once a repeat; who begins moves on by one each time."""
    found: dict[str, list[Block]] = {contender.name: [] for contender in contenders}
    for repeat in range(repeats):
        first = repeat % len(contenders)
        for contender in (*contenders[first:], *contenders[:first]):
            found[contender.name].append(contender.run(repeat))
    return found


def speed_rows(work: str, blocks: dict[str, list[Block]]) -> list[dict[str, Any]]:
    """Return a row for each contender: its median rate, and how many times faster ours is, repeat by repeat.

    `ratio` is the median over the repeats and `low` to `high` their range, by the clock; `cpu_ratio` by the processor's
    time, which other programs disturb less. Of further figures a row tells the median.

    >>> fast, slow = Block(rows=8, seconds=1, cpu_seconds=2), Block(rows=8, seconds=3, cpu_seconds=4)
    >>> [(row["model"], row["ratio"], row["cpu_ratio"]) for row in speed_rows("work", {"ours": [fast], "A": [slow]})]
    [('ours', 1.0, 1.0), ('A', 3.0, 2.0)]
    """
    return [{"model": name, "work": work} | _row(found, blocks[OURS]) for name, found in blocks.items()]


def _row(theirs: list[Block], ours: list[Block]) -> dict[str, Any]:
    clock = _ratios([block.seconds / block.rows for block in theirs], [block.seconds / block.rows for block in ours])
    processor = _ratios(
        [block.cpu_seconds / block.rows for block in theirs], [block.cpu_seconds / block.rows for block in ours]
    )
    qualities = [block.quality for block in theirs if block.quality is not None]
    return {
        "rows_per_second": round(float(np.median([block.rows / block.seconds for block in theirs])), 2),
        "ratio": clock[0], "low": clock[1], "high": clock[2],
        "cpu_ratio": processor[0], "cpu_low": processor[1], "cpu_high": processor[2],
        "repeats": len(theirs), "rows": theirs[0].rows,
        "quality": [round(quality, 4) for quality in qualities],
        **{name: round(float(np.median([block.more[name] for block in theirs])), 3) for name in theirs[0].more},
    }  # fmt: skip


def _ratios(theirs: list[float], ours: list[float]) -> tuple[float, float, float]:
    ratios = np.array(theirs) / np.array(ours)
    return tuple(round(float(value), 3) for value in (np.median(ratios), ratios.min(), ratios.max()))  # type: ignore[return-value]
