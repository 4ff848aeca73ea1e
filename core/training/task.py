"""The seam between the trainer and a domain.

The trainer knows nothing of a domain but this: a model, the number of targets of each loss term, the summed terms,
and a prediction. Distillation or masked pre-training are further tasks, or wrappers of one, never further loops.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn
from torch.nn import functional as F

from ..batch import Batch

Output = npt.NDArray[np.float32] | list[str]
"""Predictions of a batch in row order: an array (B, …) or a list of B strings; evaluation joins them."""


class Term(NamedTuple):
    """One term of a loss: its sum over all targets of the batch, and its weight in the total."""

    sum: Tensor
    weight: float = 1.0


class Task(Protocol):
    """What the trainer optimises.

    The total loss of a step is Σ weight · sum / count, where sum and count run over all micro-batches and ranks: so
    accumulation, ragged batches and ranks equal one large batch. `counts` looks at the targets alone, since the counts
    of a whole step must be known before its first backward pass. Under torchrun every trainable parameter takes part in
    every loss; freeze (`requires_grad_(False)`) those that do not.
    """

    model: nn.Module

    def counts(self, batch: Batch) -> dict[str, Tensor]: ...

    def loss(self, batch: Batch) -> dict[str, Term]: ...

    def predict(self, batch: Batch) -> Output: ...


class Classification:
    """Cross-entropy over classes; `batch["label"]` holds class numbers (B,), −1 where the label is missing.

    `model(batch)` returns logits (B, classes). `predict` returns probabilities (B, classes).
    """

    def __init__(self, model: nn.Module, label_smoothing: float = 0.0):
        self.model = model
        self.label_smoothing = label_smoothing

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        return {"loss": (batch["label"] >= 0).sum()}

    def loss(self, batch: Batch) -> dict[str, Term]:
        logits = self.model(batch).float()
        loss = F.cross_entropy(
            logits, batch["label"], ignore_index=-1, reduction="sum", label_smoothing=self.label_smoothing
        )
        return {"loss": Term(loss)}

    def predict(self, batch: Batch) -> Output:
        return np.asarray(self.model(batch).float().softmax(-1).cpu().numpy())


class BinaryClassification:
    """Log loss of one logit; `batch["label"]` holds 0 or 1 as floats (B,). `predict` returns probabilities (B,)."""

    def __init__(self, model: nn.Module):
        self.model = model

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        return {"loss": batch["label"].isfinite().sum()}

    def loss(self, batch: Batch) -> dict[str, Term]:
        logits, labels = self.model(batch).float(), batch["label"]
        known = labels.isfinite()
        loss = F.binary_cross_entropy_with_logits(logits, labels.nan_to_num(), reduction="none")
        return {"loss": Term((loss * known).sum())}

    def predict(self, batch: Batch) -> Output:
        return np.asarray(self.model(batch).float().sigmoid().cpu().numpy())
