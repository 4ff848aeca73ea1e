"""Two models as one, calibrated: exponents on the probabilities of the Transformer and of the linear model.

p(class) ∝ p_deep(class)^a · p_wide(class)^b, with a and b chosen on validation rows by their log loss. With b = 0, a is
the inverse of the temperature of Guo et al. ("On calibration of modern neural networks", 2017); with both it is their
temperature for a product of two experts (Hinton, "Training products of experts", 2002), the deep and the wide branch of
Cheng et al. ("Wide & deep learning", 2016), each trained by itself. Few validation rows say little: equal shares are
held to as strongly as one row can speak, so that two rows do not make a model certain.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .objectives import Link

Floats = npt.NDArray[np.float64]
_SMALLEST = 1e-7


@dataclass(frozen=True, kw_only=True)
class Blend:
    """Exponents of the deep and the wide branch; `shift` is added where outputs are numbers.

    >>> Blend(deep=0.5, wide=0.5)(np.array([[0.9, 0.1]]), np.array([[0.1, 0.9]]), "softmax").round(2).tolist()
    [[0.5, 0.5]]
    """

    deep: float = 1.0
    wide: float = 0.0
    shift: float = 0.0

    @classmethod
    def fit(
        cls,
        link: Link,
        labels: npt.NDArray[Any],
        deep: Any,
        wide: Any = None,
        weights: npt.NDArray[Any] | None = None,
        deviation: float = 1.0,
    ) -> Blend:
        """Choose the exponents on held-out rows; `labels` are as the objective's labels encode them, `weights` say what
        each of them counts. Numbers have no weights, but a standard `deviation` in the training rows."""
        branches = [scores(branch, link) for branch in (deep, wide) if branch is not None]
        if link == "identity":
            factors, shift = _least_squares(branches, labels, deviation)
        else:
            factors, shift = exponents(branches, labels, link, weights)[0], 0.0
        return cls(deep=factors[0], wide=factors[1] if wide is not None else 0.0, shift=shift)

    def __call__(self, deep: Any, wide: Any, link: Link) -> npt.NDArray[np.float32]:
        """Return the outputs of both together; `wide` may be None where its exponent is 0."""
        total = self.deep * scores(deep, link) + self.shift
        if self.wide:
            total = total + self.wide * scores(wide, link)
        return outputs(total, link).astype(np.float32)

    def to_dict(self) -> dict[str, float]:
        """Return the exponents as plain values."""
        return asdict(self)


def scores(values: Any, link: Link) -> Floats:
    """Return log-probabilities, log-odds or the numbers themselves."""
    values = np.asarray(values, np.float64)
    if link == "identity":
        return np.asarray(values)
    if link == "softmax":
        return np.asarray(np.log(np.maximum(values, _SMALLEST)))
    values = np.clip(values, _SMALLEST, 1 - _SMALLEST)
    return np.asarray(np.log(values) - np.log1p(-values))


def outputs(values: Floats, link: Link) -> Floats:
    """Undo `scores`."""
    if link == "identity":
        return values
    if link == "sigmoid":
        return np.asarray(1 / (1 + np.exp(-values)))
    powers = np.exp(values - values.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def exponents(
    branches: list[Floats], labels: npt.NDArray[Any], link: Link, weights: npt.NDArray[Any] | None = None
) -> tuple[list[float], float]:
    """Return the factors with which a sum of scores (log-probabilities, log-odds) has the least log loss, and that;
    `weights` say what each label counts."""
    from scipy.optimize import minimize

    start = np.full(len(branches), 1 / len(branches))

    def log_loss(factors: Floats) -> float:
        total = sum(factor * branch for factor, branch in zip(factors, branches, strict=True))
        held = float(((factors - start) ** 2).sum()) / len(labels)
        return held + float(np.average(_log_losses(np.asarray(total), labels, link), weights=weights))

    found = minimize(log_loss, start, bounds=[(0.0, 20.0)] * len(branches))
    factors = found.x if found.x.sum() > 0 else start
    return [*map(float, factors)], log_loss(factors)


def _log_losses(scores: Floats, labels: npt.NDArray[Any], link: Link) -> Floats:
    from scipy.special import log_softmax

    if link == "softmax":
        return -np.asarray(log_softmax(scores, axis=1)[np.arange(len(labels)), labels])
    return np.asarray(np.logaddexp(0, np.where(labels > 0, -scores, scores)))


def _least_squares(branches: list[Floats], labels: npt.NDArray[Any], deviation: float) -> tuple[list[float], float]:
    """Return factors and shift. A row more for each factor holds it to an equal share, and one the shift to none."""
    from scipy.optimize import nnls

    count = len(branches)
    middle = float(np.mean(branches))
    either_sign = np.array([[1.0, -1.0]])
    rows = np.stack([branch - middle for branch in branches], axis=1)
    held = deviation * np.eye(count)
    table = np.block([
        [rows, either_sign.repeat(len(rows), 0)],
        [held, np.zeros((count, 2))],
        [np.zeros((1, count)), either_sign],
    ])  # fmt: skip
    found, _ = nnls(table, np.concatenate([labels - middle, held.sum(0) / count, [0.0]]))
    factors = found[:count]
    return [*map(float, factors)], float(middle * (1 - factors.sum()) + found[count] - found[count + 1])
