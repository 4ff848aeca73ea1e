"""The nearest thumbnails of the training set, by scikit-learn."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...core.errors import Damaged

Floats = npt.NDArray[np.float32]

_WEIGHTS, _SETTINGS = "neighbours.safetensors", "neighbours.json"
COUNTS = (1, 3, 5, 9)
"""How many neighbours to choose from."""


@dataclass(frozen=True)
class Neighbours:
    """What the nearest rows say, weighted by the inverse of their distance: shares of classes, labels or a number.

    `thumbnails` are (N, features), `targets` (N, outputs).

    >>> model = Neighbours(np.float32([[0], [1]]), np.float32([[1, 0], [0, 1]]), count=1)
    >>> model.outputs(np.float32([[0.2]])).tolist()
    [[1.0, 0.0]]
    """

    thumbnails: Floats
    targets: Floats
    count: int

    def outputs(self, x: Floats) -> Floats:
        """Return the mean of the neighbours' targets (M, outputs)."""
        return self.outputs_of(x, (self.count,))[0]

    def outputs_of(self, x: Floats, counts: tuple[int, ...]) -> list[Floats]:
        """Return the outputs with each number of neighbours."""
        from sklearn.neighbors import NearestNeighbors

        most = min(max(counts), len(self.thumbnails))
        found = NearestNeighbors(n_neighbors=most, algorithm="brute").fit(self.thumbnails)
        distances, rows = found.kneighbors(x)
        weights = 1 / np.maximum(distances, 1e-6)
        return [_mean(weights[:, :count], self.targets[rows[:, :count]]) for count in counts]

    @property
    def parameters(self) -> int:
        """The numbers that it keeps."""
        return int(self.thumbnails.size + self.targets.size)

    def save(self, folder: Path) -> None:
        """Write the thumbnails as safetensors, the number of neighbours as JSON."""
        from safetensors.numpy import save_file

        arrays = {"thumbnails": self.thumbnails, "targets": self.targets}
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / _WEIGHTS)
        (folder / _SETTINGS).write_text(json.dumps({"count": self.count}), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Neighbours:
        """Read what `save` wrote; raises ArtifactError where it is missing or damaged."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            arrays: dict[str, Any] = load_file(folder / _WEIGHTS)
            count = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))["count"]
            return cls(arrays["thumbnails"], arrays["targets"], count)
        except (OSError, SafetensorError, ValueError, KeyError) as error:
            raise Damaged(f"{folder}: damaged neighbours ({error}); save the baseline again") from None


def _mean(weights: npt.NDArray[Any], targets: Floats) -> Floats:
    found = (weights[:, :, None] * targets).sum(axis=1) / weights.sum(axis=1, keepdims=True)
    return np.asarray(found, np.float32)
