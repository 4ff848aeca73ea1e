"""The seam between the trainer and a domain.

The trainer knows nothing of a domain but this: a model, the number of targets of each loss term, the summed terms,
and a prediction. Distillation or masked pre-training are further tasks, or wrappers of one, never further loops.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..batch import Batch

Output = npt.NDArray[np.float32] | list[str]
"""Predictions of a batch in row order: an array (B, …) or a list of B strings; evaluation joins them."""


class Term(NamedTuple):
    """One term of a loss: its sum over all targets of the batch, and its weight in the total."""

    sum: Tensor
    weight: float = 1.0


class Predictor(Protocol):
    """What a pass without training asks for."""

    model: nn.Module

    def predict(self, batch: Batch) -> Output: ...


class Task(Predictor, Protocol):
    """What the trainer optimises.

    The total loss of a step is Σ weight · sum / count, where sum and count run over all micro-batches and ranks: so
    accumulation, ragged batches and ranks equal one large batch. `counts` looks at the targets alone, since the counts
    of a whole step must be known before its first backward pass. Under torchrun every trainable parameter takes part in
    every loss; freeze (`requires_grad_(False)`) those that do not.
    """

    def counts(self, batch: Batch) -> dict[str, Tensor]: ...

    def loss(self, batch: Batch) -> dict[str, Term]: ...


class Classification:
    """Cross-entropy over classes; `batch["label"]` holds class numbers (B,), −1 where the label is missing, or the
    shares of the classes (B, classes), 0 where it is missing.

    `model(batch)` returns logits (B, classes). `predict` returns probabilities (B, classes). With `weights` (classes,)
    the loss is Σ w·loss / Σ w over the rows, w being the weight of the row's class. Torch's own weights would also
    multiply what label smoothing adds for the other classes, which teaches a rare class to every row.
    """

    def __init__(self, model: nn.Module, label_smoothing: float = 0.0, weights: npt.NDArray[np.float32] | None = None):
        self.model = model
        self.label_smoothing = label_smoothing
        self.weights = None if weights is None else torch.from_numpy(weights)

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        return {"loss": self._weights(batch["label"]).sum()}

    def loss(self, batch: Batch) -> dict[str, Term]:
        return self.terms(self.model(batch), batch)

    def terms(self, output: Tensor, batch: Batch) -> dict[str, Term]:
        """Return the loss of an output of the model."""
        logits, label = output.float(), batch["label"]
        one_class = label.ndim == 1
        if one_class and self.weights is None:
            loss = F.cross_entropy(
                logits, label, ignore_index=-1, label_smoothing=self.label_smoothing, reduction="sum"
            )
            return {"loss": Term(loss)}
        target = label.clamp(min=0) if one_class else label
        losses = F.cross_entropy(logits, target, label_smoothing=self.label_smoothing, reduction="none")
        return {"loss": Term((losses * self._weights(label)).sum())}

    def imitation(self, output: Tensor, teacher: Tensor, temperature: float) -> Tensor:
        """Return T² · KL(teacher ‖ output), summed over the rows; `teacher` are probabilities (B, classes)."""
        said = (output.float() / temperature).log_softmax(-1)
        wanted = (teacher.clamp(min=1e-7).log() / temperature).log_softmax(-1)
        return temperature**2 * F.kl_div(said, wanted, log_target=True, reduction="sum")

    def _weights(self, label: Tensor) -> Tensor:
        """Return what each row counts (B,): 0 where the label is missing."""
        weights = None if self.weights is None else self.weights.to(label.device)
        if label.ndim == 1:
            known = label >= 0
            return known if weights is None else weights[label.clamp(min=0)] * known
        return (label.sum(1) > 0) if weights is None else label @ weights

    def predict(self, batch: Batch) -> Output:
        return np.asarray(self.model(batch).float().softmax(-1).cpu().numpy())


class SetClassification:
    """Log loss of each label by itself; `batch["label"]` holds 0 and 1 (B, labels), NaN where labels are missing.

    With `weights` (labels,) a label that is there counts so many times as much. `predict` returns probabilities
    (B, labels).
    """

    def __init__(self, model: nn.Module, weights: npt.NDArray[np.float32] | None = None):
        self.model = model
        self.weights = None if weights is None else torch.from_numpy(weights)

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        return {"loss": batch["label"].isfinite().sum()}

    def loss(self, batch: Batch) -> dict[str, Term]:
        return self.terms(self.model(batch), batch)

    def terms(self, output: Tensor, batch: Batch) -> dict[str, Term]:
        """Return the loss of an output of the model."""
        logits, labels = output.float(), batch["label"]
        weights = None if self.weights is None else self.weights.to(logits.device)
        loss = F.binary_cross_entropy_with_logits(logits, labels.nan_to_num(), pos_weight=weights, reduction="none")
        return {"loss": Term((loss * labels.isfinite()).sum())}

    def imitation(self, output: Tensor, teacher: Tensor, temperature: float) -> Tensor:
        """Return the log loss against the teacher's probabilities (B, labels), the mean of the labels."""
        return F.binary_cross_entropy_with_logits(output.float(), teacher, reduction="none").mean(1).sum()

    def predict(self, batch: Batch) -> Output:
        return np.asarray(self.model(batch).float().sigmoid().cpu().numpy())


class Regression:
    """Squared error of a standardised number; `batch["label"]` holds numbers (B,), NaN where they are missing.

    `model(batch)` returns (B, 1). `predict` returns numbers (B,) in the unit of the labels.
    """

    def __init__(self, model: nn.Module, mean: float, deviation: float):
        self.model, self.mean, self.deviation = model, mean, deviation

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        return {"loss": batch["label"].isfinite().sum()}

    def loss(self, batch: Batch) -> dict[str, Term]:
        return self.terms(self.model(batch), batch)

    def terms(self, output: Tensor, batch: Batch) -> dict[str, Term]:
        """Return the loss of an output of the model."""
        said = output.float().squeeze(-1)
        known = batch["label"].isfinite()
        wanted = ((batch["label"].float() - self.mean) / self.deviation).nan_to_num()
        return {"loss": Term(((said - wanted).square() * known).sum())}

    def imitation(self, output: Tensor, teacher: Tensor, temperature: float) -> Tensor:
        """Return the squared error against the teacher's numbers (B,), standardised."""
        return (output.float().squeeze(-1) - (teacher - self.mean) / self.deviation).square().sum()

    def predict(self, batch: Batch) -> Output:
        said = self.model(batch).float().squeeze(-1)
        return np.asarray((said * self.deviation + self.mean).cpu().numpy())


class BinaryClassification:
    """Log loss of one logit; `batch["label"]` holds 0 or 1 as floats (B,). `predict` returns probabilities (B,)."""

    def __init__(self, model: nn.Module):
        self.model = model

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        return {"loss": batch["label"].isfinite().sum()}

    def loss(self, batch: Batch) -> dict[str, Term]:
        return self.terms(self.model(batch), batch)

    def terms(self, output: Tensor, batch: Batch) -> dict[str, Term]:
        """Return the loss of an output of the model."""
        logits, labels = output.float(), batch["label"]
        known = labels.isfinite()
        loss = F.binary_cross_entropy_with_logits(logits, labels.nan_to_num(), reduction="none")
        return {"loss": Term((loss * known).sum())}

    def imitation(self, output: Tensor, teacher: Tensor, temperature: float) -> Tensor:
        """Return the log loss against the teacher's probabilities (B,)."""
        return F.binary_cross_entropy_with_logits(output.float(), teacher, reduction="sum")

    def predict(self, batch: Batch) -> Output:
        return np.asarray(self.model(batch).float().sigmoid().cpu().numpy())
