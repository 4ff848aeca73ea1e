"""The order in which rows are seen: a pure function of (seed, epoch), seekable in constant time.

Rows of like length share a batch, under a budget of rows and tokens. A step's batch is defined before it is split over
micro-batches and ranks, so the order survives a change of either.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from torch.utils.data import Dataset

from ..batch import Batch, Draw, Rows, Source, Stretching
from ..errors import NoRows

_GROWTH = 1.05
"""Ratio of neighbouring bucket widths: at most 5 % of a batch is padding beyond the rounding to whole tokens."""


MANY = 4_000_000
"""Rows from which on they are mixed window by window."""


class Plan:
    """Cuts every epoch into batches.

    Rows are sorted by the width of their length bucket, ties in random order, and cut where a batch would pass
    `batch_rows` rows or `batch_tokens` rows × width. The widths in order are the same in every epoch, so the cuts and
    the number of batches are too; which rows share a batch, and the order of the batches, differ.

    Where augmentation changes the lengths, `drawn` returns those of an epoch: the rows are sorted by them, and cut
    where they would be without it.

    >>> plan = Plan(np.array([5, 90, 5, 5]), 4, seed=0, batch_rows=2, batch_tokens=100)
    >>> len(plan), [sorted(plan.rows(step).tolist()) for step in range(6)].count([1])
    (3, 2)
    """

    def __init__(
        self,
        lengths: npt.NDArray[np.int64] | None,
        num_rows: int,
        *,
        seed: int,
        batch_rows: int,
        batch_tokens: int = 0,
        drawn: Callable[[Draw], npt.NDArray[np.int64]] | None = None,
    ):
        self.seed, self.drawn = seed, drawn
        self.widths = np.ones(num_rows, np.int64) if lengths is None else bucket_widths(lengths)
        self.cuts = _cuts(np.sort(self.widths), batch_rows, batch_tokens)
        self._arranged: tuple[int, list[Rows]] | None = None

    def __len__(self) -> int:
        """The number of batches of an epoch."""
        return len(self.cuts)

    def steps_over(self, tokens: int) -> int:
        """Return the steps over so many tokens, an epoch at least; 0 for 0.

        >>> Plan(np.array([50, 50, 50]), 3, seed=0, batch_rows=1).steps_over(301)
        6
        """
        return max(len(self), len(self) * tokens // int(self.widths.sum())) if tokens else 0

    def rows(self, step: int) -> Rows:
        """Return the rows of the global batch of a step, counted from the start of training."""
        epoch = step // len(self)
        if self._arranged is None or self._arranged[0] != epoch:
            self._arranged = (epoch, self._arrange(epoch))
        return self._arranged[1][step % len(self)]

    def draw(self, step: int, total: int) -> Draw:
        """Return the randomness of the epoch that holds this step, of `total` steps."""
        return Draw(self.seed, step // len(self), step / total)

    def largest(self) -> Rows:
        """Return the batch that needs the most memory: the most rows × width."""
        order = np.argsort(self.widths, kind="stable")
        batches = np.split(order, self.cuts[1:])
        return max(batches, key=lambda rows: len(rows) * int(self.widths[rows].max()))

    def _arrange(self, epoch: int) -> list[Rows]:
        draw = Draw(self.seed, epoch)
        random, widths = draw.generator(), self.widths if self.drawn is None else self.drawn(draw)
        order = random.permutation(len(widths))
        order = order[np.argsort(widths[order], kind="stable")]
        batches = np.split(order, self.cuts[1:])
        return [batches[index] for index in random.permutation(len(batches))]


class Windows(Plan):
    """Cuts epochs of more rows than can be put in order at once; all rows cost the same.

    The order of chunks of neighbouring rows is drawn for each epoch, and the rows of `chunks` of them, a window, are
    mixed. So a batch comes from many places of the table, and a window's rows are read close to one another.

    >>> order = Windows(10, seed=0, batch_rows=4, chunk=2, chunks=2)
    >>> len(order), sorted(int(row) for step in range(3) for row in order.rows(step)) == list(range(10))
    (3, True)
    """

    def __init__(self, num_rows: int, *, seed: int, batch_rows: int, chunk: int = 1 << 13, chunks: int = 128):
        self.num_rows, self.seed, self.batch_rows = num_rows, seed, batch_rows
        self.chunk, self.chunks = chunk, chunks
        self._windows: dict[tuple[int, int], Rows] = {}
        self._epoch: tuple[int, Rows, Rows] | None = None

    def __len__(self) -> int:
        return math.ceil(self.num_rows / self.batch_rows)

    def steps_over(self, tokens: int) -> int:
        return max(len(self), len(self) * tokens // self.num_rows) if tokens else 0

    def rows(self, step: int) -> Rows:
        epoch, batch = divmod(step, len(self))
        start, parts = batch * self.batch_rows, []
        end = min(start + self.batch_rows, self.num_rows)
        _, ends = self._order(epoch)
        while start < end:
            window = int(np.searchsorted(ends, start, side="right"))
            first = int(ends[window - 1]) if window else 0
            last = min(end, int(ends[window]))
            parts.append(self._window(epoch, window)[start - first : last - first])
            start = last
        return np.concatenate(parts)

    def largest(self) -> Rows:
        return np.arange(min(self.batch_rows, self.num_rows))

    def _order(self, epoch: int) -> tuple[Rows, Rows]:
        """Return the chunks of an epoch in their order, and where each window ends."""
        if self._epoch is None or self._epoch[0] != epoch:
            order = Draw(self.seed, epoch).generator().permutation(-(-self.num_rows // self.chunk))
            ends = np.cumsum(np.minimum(self.chunk, self.num_rows - order * self.chunk))
            last = np.minimum(np.arange(self.chunks, len(order) + self.chunks, self.chunks), len(order)) - 1
            self._epoch = (epoch, order, ends[last])
        return self._epoch[1:]

    def _window(self, epoch: int, number: int) -> Rows:
        """Return the mixed rows of a window; the last two are kept, since a batch may end in the next."""
        if (epoch, number) not in self._windows:
            order, _ = self._order(epoch)
            starts = order[number * self.chunks : (number + 1) * self.chunks] * self.chunk
            rows = (starts[:, None] + np.arange(self.chunk)).ravel()
            mixed = Draw(self.seed, epoch).generator(1 + number).permutation(rows[rows < self.num_rows])
            self._windows = dict([*self._windows.items()][-1:]) | {(epoch, number): mixed}
        return self._windows[epoch, number]


def plan_for(source: Source, *, seed: int, batch_rows: int, batch_tokens: int = 0) -> Plan:
    """Return how the epochs over a source are cut into batches."""
    if source.lengths is None and len(source) > MANY:
        return Windows(len(source), seed=seed, batch_rows=batch_rows)
    drawn = source.drawn_lengths if isinstance(source, Stretching) else None
    return Plan(source.lengths, len(source), seed=seed, batch_rows=batch_rows, batch_tokens=batch_tokens, drawn=drawn)


def bucket_widths(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Round each length up to the widest length that shares its bucket; buckets grow by 5 %."""
    buckets = np.ceil(np.log(np.maximum(lengths, 1)) / np.log(_GROWTH)).astype(np.int64)
    names, inverse = np.unique(buckets, return_inverse=True)
    widest = np.zeros(len(names), np.int64)
    np.maximum.at(widest, inverse, lengths)
    return widest[inverse]


def _cuts(widths: npt.NDArray[np.int64], batch_rows: int, batch_tokens: int) -> npt.NDArray[np.int64]:
    """Return the starts of the batches over rows sorted by width, widest last."""
    if len(widths) == 0:
        raise NoRows("there are no rows to train on; give at least one")
    starts, start = [], 0
    while start < len(widths):
        starts.append(start)
        end = min(start + batch_rows, len(widths))
        if batch_tokens:
            fits = np.arange(1, end - start + 1) * widths[start:end] <= batch_tokens
            end = start + max(1, int(np.count_nonzero(fits)))
        start = end
    return np.array(starts)


def in_order(
    lengths: npt.NDArray[np.int64] | None, num_rows: int, batch_rows: int, batch_tokens: int = 0
) -> list[Rows]:
    """Return the batches of one pass for evaluation: rows of like length together, the shortest first."""
    if lengths is None and not batch_tokens:
        return [np.arange(start, min(start + batch_rows, num_rows)) for start in range(0, num_rows, batch_rows)]
    plan = Plan(lengths, num_rows, seed=0, batch_rows=batch_rows, batch_tokens=batch_tokens)
    return np.split(np.argsort(plan.widths, kind="stable"), plan.cuts[1:])


class Part(NamedTuple):
    """A micro-batch of one rank; `real` is 0.0 for a row that only keeps a rank without rows in step."""

    batch: Batch
    real: float


class Steps(Dataset[list[Part]]):
    """The micro-batches of each of `total` steps for one rank: a map from step to data, so that seeking is an index.

    A rank left without rows in a ragged batch gets one that weighs nothing, so that it takes part in every collective.
    """

    def __init__(self, source: Source, plan: Plan, total: int, *, accumulate: int, rank: int = 0, ranks: int = 1):
        self.source, self.plan, self.total = source, plan, total
        self.accumulate, self.rank, self.ranks = accumulate, rank, ranks

    def __getitem__(self, step: int) -> list[Part]:
        return self.split(self.plan.rows(step), self.plan.draw(step, self.total))

    def split(self, rows: Rows, draw: Draw) -> list[Part]:
        """Return this rank's share of a global batch as micro-batches."""
        ends = [len(rows) * part // self.accumulate for part in range(self.accumulate + 1)]
        shares = [rows[start:end][self.rank :: self.ranks] for start, end in pairwise(ends)]
        return [
            Part(self.source.batch(share if len(share) else rows[:1], draw), float(len(share) > 0)) for share in shares
        ]
