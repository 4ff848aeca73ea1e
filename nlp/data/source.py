"""Token ids, and their way into batches."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from ...core.batch import Batch, Draw, Rows
from .cache import TokenTable
from .config import TextFeaturesConfig
from .windows import cut

# Shapes: B rows, W windows (as many, or more where texts are long), L length.


class Gathered(NamedTuple):
    """The tokens of some rows: `ids` and `keep` (W, L), the windows' own numbers (W,), and the place of their row."""

    ids: npt.NDArray[np.int64]
    keep: npt.NDArray[np.bool_]
    windows: Rows
    place: Rows
    segments: npt.NDArray[np.int64] | None

    def tensors(self) -> dict[str, torch.Tensor]:
        """Return what a model reads: `keep` only where something is padded, `row` only where a row has windows."""
        found = {"ids": torch.from_numpy(self.ids)}
        if self.segments is not None:
            found["segments"] = torch.from_numpy(self.segments)
        if not self.keep.all():
            found["keep"] = torch.from_numpy(self.keep)
        if len(self.place) != self.place[-1] + 1:
            found["row"] = torch.from_numpy(self.place)
        return found


class TextSource:
    """Token ids of all rows; `batch` gathers whole batches from them."""

    def __init__(self, tokens: TokenTable, labels: npt.NDArray[Any], config: TextFeaturesConfig, mask_id: int):
        self.tokens, self.labels = tokens, labels
        self.dropout, self.mask_id = config.token_dropout, mask_id
        self.windows = cut(tokens.starts, tokens.lengths, config.max_length, config.max_windows)
        self.lengths = self.windows.row_lengths

    def __len__(self) -> int:
        return len(self.lengths)

    def gather(self, rows: Rows) -> Gathered:
        """Return the tokens of rows, as windows."""
        windows, place = self.windows.of(np.asarray(rows))
        at, keep = self.windows.places(windows)
        ids = (self.tokens.flat[at] * keep).astype(np.int64)
        segments = None
        if self.tokens.firsts is not None:  # of pairs: each has one window
            columns = np.arange(ids.shape[1])
            segments = ((columns >= self.tokens.firsts[rows][:, None]) & keep).astype(np.int64)
        return Gathered(ids, keep, windows, place, segments)

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        """Return `label` (B,) and `ids` (W, L), of pairs `segments`, where some are padded `keep`, and `row` (W,), the
        number of each window's row, where a text has several."""
        found = self.gather(rows)
        if draw is not None and self.dropout:
            masked = draw.uniform(found.windows, found.ids.shape[1]) < self.dropout
            masked[:, 0] = False  # [CLS] stays
            found = found._replace(ids=np.where(masked & found.keep, self.mask_id, found.ids))
        return Batch({"label": torch.from_numpy(self.labels[rows])} | found.tensors())
