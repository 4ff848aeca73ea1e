"""The classical model that the Transformer must beat: logistic regression on one-hot fields and scaled numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..core.batch import Examples
from ..core.linear import LinearModel
from ..core.training import Output
from .data import ClickFeatures, ClickSource

STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""The inverse penalties to choose from, the strictest first."""

_CHOICE_ROWS = 50_000


class ClickBaseline:
    """Logistic regression on one column for each category and each bin of a number, and the numbers themselves.

    The penalty is chosen by the log loss on a fifth of the rows: rare categories want a strict one, fine bins do not.
    """

    name = "one-hot + logistic regression"

    @property
    def parameters(self) -> int:
        """The number of weights."""
        return self.linear_.parameters

    def fit(self, examples: Examples, features: ClickFeatures, seed: int = 0) -> ClickBaseline:
        """Fit on labelled examples, with the vocabularies and knots of `features`."""
        source = features.source(examples)
        self.features_ = features
        x, targets = one_hot(source, features), source.labels.astype(np.int64)
        strength = choose_strength(x, targets, seed)
        self.linear_ = LinearModel.fit(x, targets, seed=seed, strength=strength, standardise=False)
        return self

    def outputs(self, examples: Examples) -> Output:
        """Return the probabilities (N,) of a click."""
        probabilities = self.linear_.probabilities(one_hot(self.features_.source(examples), self.features_))
        return np.ascontiguousarray(probabilities[:, -1])

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors and the fields as JSON."""
        self.linear_.save(folder)
        self.features_.save(folder)

    @classmethod
    def load(cls, folder: Path) -> ClickBaseline:
        """Read what `save` wrote."""
        baseline = cls()
        baseline.linear_, baseline.features_ = LinearModel.load(folder), ClickFeatures.load(folder)
        return baseline


def choose_strength(x: Any, targets: npt.NDArray[np.int64], seed: int) -> float:
    """Return the member of `STRENGTHS` with the lowest log loss on held-out rows; the strictest where rows are few."""
    order = np.random.default_rng(seed).permutation(len(targets))[:_CHOICE_ROWS]
    held_out, kept = order[: len(order) // 5], order[len(order) // 5 :]
    if len(np.unique(targets[kept])) < 2 or len(held_out) == 0:
        return STRENGTHS[0]

    def log_loss(strength: float) -> float:
        fitted = LinearModel.fit(x[kept], targets[kept], seed=seed, strength=strength, standardise=False)
        of_truth = fitted.probabilities(x[held_out])[np.arange(len(held_out)), targets[held_out]]
        return -float(np.log(np.maximum(of_truth, 1e-12)).mean())

    return min(STRENGTHS, key=log_loss)


def one_hot(source: ClickSource, features: ClickFeatures) -> Any:
    """Return a CSR matrix (N, Σ sizes + numeric fields): one 1 a field, then the positions in [0, 1]."""
    from scipy import sparse

    offsets = np.cumsum([0, *features.sizes])
    rows, fields = source.ids.shape
    columns = (source.ids + offsets[:-1].astype(np.int32)).ravel()
    starts = np.arange(0, rows * fields + 1, fields)
    ones = sparse.csr_matrix((np.ones(rows * fields, np.float32), columns, starts), shape=(rows, offsets[-1]))
    scaled = source.position / np.maximum(1, np.array(features.bins, np.float32))
    return sparse.hstack([ones, sparse.csr_matrix(scaled)], format="csr") if features.bins else ones
