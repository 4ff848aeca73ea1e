"""Rows of a click table as a source of batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ...core.batch import Batch, Draw, Rows
from .schema import Ids

# Shapes: N rows, B batch, F fields, P numeric fields (the last of F), L ids of lists, T labels.

Floats32 = npt.NDArray[np.float32]


class ClickSource:
    """Rows of 32-bit words, each with its ids (F), the positions of its numbers (P), the ids of its lists (L) and its
    labels (T), so that a batch is one gather, from memory or from a mapped file."""

    lengths: npt.NDArray[np.int64] | None = None

    def __init__(self, table: Ids, fields: int, numbers: int, outputs: int = 1, keep: object = None):
        self.table, self.fields, self.numbers, self.outputs, self.keep = table, fields, numbers, outputs, keep
        self.dropout = 0.0
        self.hidden = np.zeros(fields, np.int32)

    @classmethod
    def of(cls, ids: Ids, position: Floats32, labels: Floats32) -> ClickSource:
        """Put the parts of rows side by side."""
        words = [part.astype(np.float32).view(np.int32) for part in (position, labels[:, None])]
        return cls(np.concatenate([ids.astype(np.int32), *words], axis=1), ids.shape[1], position.shape[1])

    @property
    def ids(self) -> Ids:
        """The ids (N, F) of all rows."""
        return self.table[:, : self.fields]

    @property
    def position(self) -> Floats32:
        """Where the numbers (N, P) of all rows lie between their knots."""
        return self.table[:, self.fields : self.fields + self.numbers].view(np.float32)

    @property
    def lists(self) -> Ids:
        """The ids (N, L) of the values of all lists, side by side; 0 behind those that a list has."""
        return self.table[:, self.fields + self.numbers : -self.outputs]

    @property
    def labels(self) -> Floats32:
        """The labels (N,) of all rows: 0 or 1, NaN where unknown; (N, T) where T, the outputs, are more than one."""
        found = self.table[:, -self.outputs :].view(np.float32)
        return found[:, 0] if self.outputs == 1 else found

    def __len__(self) -> int:
        return len(self.table)

    def take(self, rows: Rows) -> ClickSource:
        """Return some of the rows."""
        return ClickSource(self.table[rows], self.fields, self.numbers, self.outputs)

    def only(self, output: int) -> ClickSource:
        """Return the same rows with one of several labels."""
        kept = np.r_[: self.table.shape[1] - self.outputs, self.table.shape[1] - self.outputs + output]
        return ClickSource(self.table[:, kept], self.fields, self.numbers)

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        """Return `ids` (B, F), `position` (B, P), `lists` (B, L) where there are any, `label` (B,) or (B, T), NaN
        where unknown."""
        found = self.take(rows)
        ids, position = found.ids, found.position
        if draw is not None and self.dropout:
            drop = draw.chance(rows, self.fields, self.dropout)
            ids = np.where(drop, self.hidden, ids)
            position = np.where(drop[:, self.fields - self.numbers :], np.float32(0), position)
        tensors: dict[str, Any] = {"ids": ids, "position": position, "label": found.labels}
        if found.lists.shape[1]:
            tensors["lists"] = found.lists
        return Batch({name: torch.from_numpy(np.ascontiguousarray(part)) for name, part in tensors.items()})
