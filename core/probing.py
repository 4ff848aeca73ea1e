"""A first head for pretrained weights: fitted to what they make of the training rows, before anything else is trained.

A head that is drawn at random first pulls the weights below it apart; one that fits already leaves them what they know
(Kumar et al., "Fine-tuning can distort pretrained features and underperform out-of-distribution", 2022).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from .batch import Batch, Source
from .errors import WrongWeights
from .labels import Classes, Labels, LabelSets
from .linear import LinearModel, Weights, fifth, fit_sets
from .training import predict

_STRENGTHS = (1e-2, 1e-1, 1.0, 10.0)

Floats = npt.NDArray[np.float32]


def fit_head(
    model: nn.Module,
    head: nn.Linear,
    source: Source,
    targets: npt.NDArray[Any],
    labels: Labels,
    device: torch.device,
    *,
    seed: int = 0,
    weights: Weights = None,
) -> None:
    """Fit the `head` of a model to encoded labels by logistic regression, the rest of the model as it is.

    `weights` are what each label counts. A class that no row has keeps its drawn weights, with the least bias. Where
    labels are numbers, the head stays as it is.
    """
    if not isinstance(labels, (Classes, LabelSets)):
        return
    # Features keep their spread: those that move the most are what pretraining found to matter. Brought to variance 1
    # each, they told ants from bees a point worse (docs/measurements/images.md).
    x = np.asarray(predict(_HeadInputs(model.to(device), head), source, device))
    if not np.isfinite(x).all():
        raise WrongWeights("the pretrained weights make of these rows numbers that are not finite; give others")
    scale = float(np.sqrt(np.square(x).mean())) or 1.0
    x = np.asarray(x / scale, np.float32)
    if isinstance(labels, LabelSets):
        fitted = fit_sets(x, targets, labels.names, seed, weights)
        known = np.arange(len(labels))
    else:
        fitted = _best(x, targets, seed, weights)
        known = np.asarray(fitted.classes)
    with torch.no_grad():
        head.bias.fill_(float(fitted.bias.min()))  # of a class that is not among the rows
        head.weight[known] = torch.from_numpy(fitted.weight / scale).to(device)
        head.bias[known] = torch.from_numpy(fitted.bias).to(device)


class _HeadInputs:
    """Tells what goes into the head."""

    def __init__(self, model: nn.Module, head: nn.Linear):
        self.model, self.head = model, head

    def predict(self, batch: Batch) -> Floats:
        seen: list[Tensor] = []
        handle = self.head.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        try:
            self.model(batch)
        finally:
            handle.remove()
        return seen[0].float().cpu().numpy()


def _best(x: Floats, targets: npt.NDArray[np.int64], seed: int, weights: Weights) -> LinearModel:
    """Return the logistic regression of the strength that has the least log loss on a fifth of the rows."""
    kept, held_out = fifth(len(x), seed, None)

    def fit(rows: npt.NDArray[Any], strength: float) -> LinearModel:
        counts = None if weights is None else weights[rows]
        return LinearModel.fit(x[rows], targets[rows], strength=strength, standardise=False, weights=counts)

    def log_loss(strength: float) -> float:
        model = fit(kept, strength)
        known = held_out[np.isin(targets[held_out], model.classes)]
        columns = np.searchsorted(model.classes, targets[known])
        found = model.probabilities(x[known])[np.arange(len(known)), columns]
        return float(-np.log(np.maximum(found, 1e-9)).sum())

    return fit(np.arange(len(x)), min(_STRENGTHS, key=log_loss))
