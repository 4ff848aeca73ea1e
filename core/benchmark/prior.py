"""The lowest rung: a model that looks at no input and always says what is most often true."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..batch import Examples
from ..training import Output

LABEL = "majority or prior"
MostFrequent = Callable[[Examples], Any]
"""What a domain whose outputs are no numbers gives: its one answer to every row, from the training rows."""


class Prior:
    """The shares of the classes, of each label or of clicks, or the mean of the numbers, for every row alike."""

    name = LABEL

    def __init__(self, pipeline: Any, most_frequent: MostFrequent | None):
        self.pipeline, self.most_frequent = pipeline, most_frequent

    def fit(self, examples: Examples, features: Any, seed: int = 0, weights: Any = None) -> Prior:
        """Count the labels."""
        if self.most_frequent is not None:
            self.said_ = self.most_frequent(examples)
            return self
        targets, objective = self.pipeline.targets(examples), self.pipeline.objective
        if objective.link == "softmax":
            targets = np.eye(len(features.classes), dtype=np.float32)[targets]
        self.said_ = np.asarray(targets, np.float64).mean(axis=0).astype(np.float32)
        return self

    @property
    def parameters(self) -> int:
        """The numbers that it keeps."""
        return int(np.size(self.said_)) if isinstance(self.said_, np.ndarray | np.floating) else 1

    def outputs(self, examples: Examples) -> Output:
        """Return the same for each row."""
        if self.most_frequent is not None:
            return [self.said_ for _ in range(len(examples))]
        return np.array(np.broadcast_to(self.said_, (len(examples), *np.shape(self.said_))))

    def save(self, folder: Path) -> None:
        """Write what it says as JSON."""
        said = self.said_.tolist() if hasattr(self.said_, "tolist") else str(self.said_)
        (folder / "prior.json").write_text(json.dumps(said), encoding="utf-8")


def prior_of(kind: type, most_frequent: MostFrequent | None) -> Any:
    """Return a pipeline of this kind whose classical model is the prior."""

    class OfPrior(kind):  # type: ignore[misc]
        def new_baseline(self) -> Prior:
            return Prior(self, most_frequent)

    return OfPrior("linear")
