"""A second head on the same trunk: which clicks lead to what they are for, learned over all rows.

Conversions are known of clicked rows alone, and those are not like the others. So the model never learns them by
themselves: p(click and conversion) = p(click) · p(conversion | click) is what is held against all rows (Ma et al.,
"Entire Space Multi-Task Model: An Effective Approach for Estimating Post-Click Conversion Rate", 2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..core.batch import Batch, Examples
from ..core.metrics import Among, RocAuc, Statistic, log_loss
from ..core.objectives import Prediction
from ..core.report import Evaluation
from ..core.training import Output, Task, Term, TrainConfig
from .data import conversions
from .objective import ClickObjective

# Shapes: B batch, N rows; of the 2 outputs the first is a click, the second a click with a conversion.

OF_CONVERSIONS = ("conversion_roc_auc", "click_conversion_roc_auc", "click_conversion_log_loss")
_LEAST = 1e-7


@dataclass(frozen=True)
class ClickPrediction(Prediction):
    """One row's answer: `conversion` is the probability that a click leads to one."""

    conversion: float | None = None


class EntireSpace:
    """Log loss of clicks, and of clicks with a conversion, over all rows; `batch["label"]` holds both (B, 2)."""

    def __init__(self, model: nn.Module):
        self.model = model

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        """Return the known labels of each."""
        click, both = batch["label"].isfinite().sum(0).unbind()
        return {"click": click, "conversion": both}

    def loss(self, batch: Batch) -> dict[str, Term]:
        """Return the two terms, which count the same."""
        return self.terms(self.model(batch), batch)

    def terms(self, output: Tensor, batch: Batch) -> dict[str, Term]:
        """Return the loss of an output of the model."""
        labels = batch["label"]
        sums = (_log_losses(output.float(), labels.nan_to_num()) * labels.isfinite()).sum(0)
        return {name: Term(value) for name, value in zip(("click", "conversion"), sums.unbind(), strict=True)}

    def imitation(self, output: Tensor, teacher: Tensor, temperature: float) -> Tensor:
        """Return the log loss against the teacher's probabilities (B, 2)."""
        return _log_losses(output.float(), teacher).sum() / 2

    def predict(self, batch: Batch) -> Output:
        """Return p(click) and p(click and conversion), (B, 2)."""
        return np.asarray(_log_probabilities(self.model(batch).float()).exp().cpu().numpy())


class ConversionObjective(ClickObjective):
    """Outputs are the probabilities of a click and of a click with a conversion (N, 2)."""

    def __init__(self, clicks: ClickObjective, column: str):
        super().__init__(clicks.labels, clicks.group)
        self.column = column
        self.metrics = (*self.metrics, *OF_CONVERSIONS)

    def task(self, model: nn.Module, config: TrainConfig, examples: Examples | None = None) -> Task:
        """Train both heads over all rows."""
        return EntireSpace(model)

    def statistics(self, outputs: Output, examples: Examples) -> dict[str, Statistic]:
        """Return the metrics of clicks, the area under the ROC curve of conversions among clicks, and what is known of
        both together."""
        said = np.asarray(outputs)
        clicks = self.labels.encode(examples)
        both = clicks * conversions(examples, self.column)
        clicked = np.flatnonzero(clicks)
        among = RocAuc(both[clicked], conversion_rates(said)[clicked])
        found: tuple[Statistic, ...] = (
            Among(among, clicked, len(clicks)),
            RocAuc(both, said[:, 1]),
            log_loss(both.astype(np.int64), said[:, 1]),
        )
        return super().statistics(said[:, 0], examples) | dict(zip(OF_CONVERSIONS, found, strict=True))

    def answers(self, outputs: Output, threshold: float = 0.0) -> list[Prediction]:
        """Return both probabilities of each row."""
        said = np.asarray(outputs)
        pairs = zip(said[:, 0].tolist(), conversion_rates(said).tolist(), strict=True)
        return [ClickPrediction(click, click, conversion=conversion) for click, conversion in pairs]

    def describe(self, outputs: Output, examples: Examples, evaluation: Evaluation) -> Evaluation:
        """Describe clicks."""
        return super().describe(np.asarray(outputs)[:, 0], examples, evaluation)


def conversion_rates(outputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return p(conversion | click) (N,) of outputs (N, 2); 1 where the second is above the first, as it may be where
    other models have a say.

    >>> conversion_rates(np.array([[0.5, 0.1], [0.2, 0.3]], np.float32)).round(2).tolist()
    [0.20000000298023224, 1.0]
    """
    return np.minimum(outputs[:, 1] / np.maximum(outputs[:, 0], _LEAST), 1).astype(np.float32)


def _log_probabilities(logits_B2: Tensor) -> Tensor:
    """Return the logarithms of p(click) and p(click and conversion) (B, 2)."""
    return F.logsigmoid(logits_B2).cumsum(1)


def _log_losses(logits_B2: Tensor, labels_B2: Tensor) -> Tensor:
    """Return −y·log p − (1 − y)·log(1 − p) (B, 2).

    1 − p(click) · p(conversion | click) is p(no click) + p(click) · p(no conversion | click), whose logarithm is exact
    however sure a model is.
    """
    click_B, follows_B = logits_B2.unbind(1)
    none_B = torch.logaddexp(F.logsigmoid(-click_B), F.logsigmoid(click_B) + F.logsigmoid(-follows_B))
    log_q = torch.stack([F.logsigmoid(-click_B), none_B], 1)
    return -(labels_B2 * _log_probabilities(logits_B2) + (1 - labels_B2) * log_q)
