"""A tiny task with the trainer's whole seam: ragged rows, dropout, padding; used by the trainer's tests."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import nn

from fourfold.core.batch import Batch, Draw, Rows, pad
from fourfold.core.training import Classification


class ToySource:
    """`num_rows` rows of 1 to 12 numbers; the class says whether their sum is positive."""

    def __init__(self, num_rows: int = 64, *, noise: float = 0.1, seed: int = 0, width: int = 8):
        random = np.random.default_rng(seed)
        self.lengths = random.integers(1, 13, num_rows)
        self.values = [random.standard_normal((length, width)).astype(np.float32) for length in self.lengths]
        self.labels = np.array([int(value.sum() > 0) for value in self.values])
        self.noise = noise

    def __len__(self) -> int:
        return len(self.values)

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        values, keep = pad([self.values[row] for row in rows])
        if draw is not None and self.noise:
            values += self.noise * torch.from_numpy(draw.uniform(rows, 1).astype(np.float32))[:, :, None]
        return Batch({"values": values, "keep": keep, "label": torch.from_numpy(self.labels[rows])})


class ToyModel(nn.Module):
    """A two-layer network over the mean of a row; 1,000-odd parameters with the defaults."""

    def __init__(self, width: int = 8, hidden: int = 32, dropout: float = 0.1, layers: int = 1, norm: bool = False):
        super().__init__()
        self.norm = nn.BatchNorm1d(width) if norm else nn.Identity()
        sizes = [width] + [hidden] * layers
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(sizes))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, 2)

    def forward(self, batch: Batch) -> torch.Tensor:
        keep = batch["keep"][:, :, None]
        x = self.norm((batch["values"] * keep).sum(1) / keep.sum(1))
        for layer in self.layers:
            x = self.dropout(torch.relu(layer(x)))
        return self.head(x)


def toy_task(
    *, dropout: float = 0.1, hidden: int = 32, layers: int = 1, norm: bool = False, seed: int = 0
) -> Classification:
    torch.manual_seed(seed)
    return Classification(ToyModel(dropout=dropout, hidden=hidden, layers=layers, norm=norm))
