"""Token ids, and their way into batches."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from ...core.batch import Batch, Draw, Rows
from .cache import TokenTable


class TextSource:
    """Token ids of all rows; `batch` gathers whole batches from them."""

    def __init__(self, tokens: TokenTable, labels: npt.NDArray[np.int64], dropout: float, mask_id: int):
        self.tokens, self.lengths = tokens, tokens.lengths
        self.labels, self.dropout, self.mask_id = labels, dropout, mask_id

    def __len__(self) -> int:
        return len(self.lengths)

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        """Return `ids` (B, L), `label` (B,), of pairs `segments` (B, L), and `keep` (B, L) where some are padded."""
        columns = np.arange(int(self.lengths[rows].max()))
        keep = columns[None, :] < self.lengths[rows][:, None]
        ids = self.tokens.flat[np.where(keep, self.tokens.starts[rows][:, None] + columns, 0)] * keep
        if draw is not None and self.dropout:
            masked = draw.uniform(rows, len(columns)) < self.dropout
            masked[:, 0] = False  # [CLS] stays
            ids = np.where(masked & keep, self.mask_id, ids)
        tensors = {
            "ids": torch.from_numpy(ids.astype(np.int64)),
            "label": torch.from_numpy(self.labels[rows]),
        }
        if self.tokens.firsts is not None:
            second = (columns[None, :] >= self.tokens.firsts[rows][:, None]) & keep
            tensors["segments"] = torch.from_numpy(second.astype(np.int64))
        return Batch(tensors if keep.all() else tensors | {"keep": torch.from_numpy(keep)})
