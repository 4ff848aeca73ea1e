"""Token ids, and their way into batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ...core.batch import Batch, Draw, Rows


class TextSource:
    """Token ids of all rows in one flat array; `batch` gathers whole batches from it."""

    def __init__(self, ids: list[list[int]], labels: npt.NDArray[Any], dropout: float, mask_id: int):
        self.lengths = np.array([len(row) for row in ids], dtype=np.int64)
        self.starts = np.cumsum(self.lengths) - self.lengths
        self.flat = np.fromiter((token for row in ids for token in row), dtype=np.int32, count=int(self.lengths.sum()))
        self.labels, self.dropout, self.mask_id = labels, dropout, mask_id

    def __len__(self) -> int:
        return len(self.lengths)

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        """Return `ids` (B, L), `label` (B,), and `keep` (B, L) where something is padded."""
        columns = np.arange(int(self.lengths[rows].max()))
        keep = columns[None, :] < self.lengths[rows][:, None]
        ids = self.flat[np.where(keep, self.starts[rows][:, None] + columns, 0)] * keep
        if draw is not None and self.dropout:
            masked = draw.uniform(rows, len(columns)) < self.dropout
            masked[:, 0] = False  # [CLS] stays
            ids = np.where(masked & keep, self.mask_id, ids)
        tensors = {
            "ids": torch.from_numpy(ids.astype(np.int64)),
            "label": torch.from_numpy(self.labels[rows]),
        }
        return Batch(tensors if keep.all() else tensors | {"keep": torch.from_numpy(keep)})
