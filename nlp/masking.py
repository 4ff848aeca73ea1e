"""Masked-language-model pre-training on the user's own texts (Devlin et al., "BERT", 2019, section 3.1).

A task and a source for the one trainer: the head is computed at the masked places alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..core.batch import Batch, Draw, Rows
from ..core.training import Output, Term
from .data import TextSource
from .data.source import Gathered
from .model import MaskedLanguageModel

# Shapes: B batch, L length, M masked places, V vocabulary.


class MaskedSource:
    """Batches of a `TextSource` with the share `share` of the tokens to be guessed; the rest is as there.

    `masked` (M,) are places in the flattened (B · L), `target` (M,) the tokens that stood there. Four fifths of them
    are hidden, a tenth replaced by random tokens, a tenth left. Which these are depends on (seed, epoch, row) alone;
    the tokens `special` are never among them.
    """

    def __init__(self, source: TextSource, share: float, *, mask_id: int, special: frozenset[int], vocab_size: int):
        self.source, self.share, self.mask_id, self.vocab_size = source, share, mask_id, vocab_size
        self.special = np.array(sorted(special))
        self.lengths: npt.NDArray[np.int64] | None = source.lengths

    def __len__(self) -> int:
        return len(self.source)

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        """Return a batch; without `draw`, as in evaluation, the same tokens are hidden every time."""
        found, draw = self.source.gather(rows), draw or Draw(0, 0)
        chosen = self._chosen(found, draw)
        tensors = found._replace(ids=self._hidden(found, chosen, draw)).tensors()
        tensors.pop("row", None)
        places = {"masked": torch.from_numpy(np.flatnonzero(chosen)), "target": torch.from_numpy(found.ids[chosen])}
        return Batch(tensors | places)

    def _chosen(self, found: Gathered, draw: Draw) -> npt.NDArray[np.bool_]:
        """Return which tokens are to be guessed: at least one a batch, and none that marks a border."""
        may = found.keep & ~np.isin(found.ids, self.special)
        wish = np.where(may, draw.uniform(found.windows, found.ids.shape[1], stream=1), 2.0)
        chosen = wish < self.share
        if not chosen.any():
            chosen.ravel()[wish.argmin()] = True
        return chosen

    def _hidden(self, found: Gathered, chosen: npt.NDArray[np.bool_], draw: Draw) -> npt.NDArray[np.int64]:
        fate = draw.uniform(found.windows, found.ids.shape[1], stream=2)
        others = (draw.uniform(found.windows, found.ids.shape[1], stream=3) * self.vocab_size).astype(np.int64)
        hidden = np.where(fate < 0.8, self.mask_id, np.where(fate < 0.9, others, found.ids))
        return np.where(chosen, hidden, found.ids)


class MaskedTask:
    """Cross-entropy of the hidden tokens; `predict` gives each row the mean loss of its batch."""

    def __init__(self, model: MaskedLanguageModel):
        self.model: nn.Module = model

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        return {"loss": torch.tensor(float(len(batch["target"])), device=batch["target"].device)}

    def loss(self, batch: Batch) -> dict[str, Term]:
        logits_MV = self.model(batch).float()
        return {"loss": Term(F.cross_entropy(logits_MV, batch["target"], reduction="sum"))}

    def predict(self, batch: Batch) -> Output:
        loss = F.cross_entropy(self.model(batch).float(), batch["target"])
        return np.full(len(batch["ids"]), float(loss), np.float32)
