"""A support vector machine with a Gaussian kernel, fitted by scikit-learn and kept as safetensors and JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...core.errors import Damaged

Floats = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float64]

_WEIGHTS, _SETTINGS = "machine.safetensors", "machine.json"
_SHARPNESS = tuple(np.geomspace(0.25, 16, 25).tolist())
_BLOCK = 4096


@dataclass(frozen=True, kw_only=True)
class KernelMachine:
    """Each class against the others (Cortes and Vapnik, "Support-vector networks", 1995; SVC of scikit-learn).

    A class scores Σ αᵢ·exp(−γ|x − vᵢ|²) + b over the support vectors `vectors` (V, features), standardised by `mean`
    and `scale`; `weight` is (classes, V), `bias` (classes,). Probabilities are the softmax of `sharpness` times the
    scores, a temperature (Guo et al., 2017) that is chosen on rows that the machine did not see.

    >>> x = np.float32([[0], [0.1], [0.9], [1]])
    >>> KernelMachine.fit(x, ["no", "no", "yes", "yes"]).probabilities(x).argmax(axis=1).tolist()
    [0, 0, 1, 1]
    """

    vectors: Floats
    weight: Floats
    bias: Floats
    mean: Floats
    scale: Floats
    gamma: float
    sharpness: float
    classes: list[str]

    @classmethod
    def fit(cls, x: Floats, labels: list[str], sharpness: float = 2.0, *, penalty: float = 10.0) -> KernelMachine:
        """Fit on rows (N, features) of at least one class; `penalty` is what an error counts (C)."""
        from sklearn.svm import SVC

        classes, targets = np.unique(np.asarray(labels), return_inverse=True)
        mean, deviation = x.mean(0), x.std(0)
        scale = np.where(deviation > 1e-6, deviation, 1).astype(np.float32)
        scaled, gamma = (x - mean) / scale, 1 / x.shape[1]
        weight, bias = np.zeros((len(classes), len(x)), np.float32), np.zeros(len(classes), np.float32)
        for number in range(len(classes) if len(classes) > 1 else 0):
            machine = SVC(C=penalty, gamma=gamma).fit(scaled, targets == number)
            weight[number, machine.support_] = machine.dual_coef_[0]
            bias[number] = machine.intercept_[0]
        used = np.flatnonzero(weight.any(axis=0))
        return cls(
            vectors=scaled[used], weight=weight[:, used], bias=bias, mean=mean, scale=scale, gamma=gamma,
            sharpness=sharpness, classes=classes.tolist(),
        )  # fmt: skip

    @property
    def parameters(self) -> int:
        """The numbers that it keeps."""
        return int(self.vectors.size + self.weight.size + self.bias.size)

    def scores(self, x: Floats) -> Scores:
        """Return the scores (N, classes)."""
        scaled = (x - self.mean) / self.scale
        blocks = [scaled[start : start + _BLOCK] for start in range(0, len(scaled), _BLOCK)]
        return np.concatenate([self._scores(block) for block in blocks or [scaled]])

    def probabilities(self, x: Floats) -> Scores:
        """Return the probabilities (N, classes)."""
        return softmax(self.sharpness * self.scores(x))

    def save(self, folder: Path) -> None:
        """Write the arrays as safetensors, the rest as JSON."""
        from safetensors.numpy import save_file

        arrays = {name: getattr(self, name) for name in ("vectors", "weight", "bias", "mean", "scale")}
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / _WEIGHTS)
        settings = {"gamma": self.gamma, "sharpness": self.sharpness, "classes": self.classes}
        (folder / _SETTINGS).write_text(json.dumps(settings, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> KernelMachine:
        """Read what `save` wrote; raises ArtifactError where it is missing or damaged."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            settings = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
            arrays: dict[str, Any] = load_file(folder / _WEIGHTS)
            found = cls(**arrays, **settings)
            if found.weight.shape != (len(found.classes), len(found.vectors)):
                raise ValueError("weights and classes disagree")
        except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
            raise Damaged(f"{folder}: a damaged machine ({error}); save the baseline again") from None
        return found

    def _scores(self, x: Floats) -> Scores:
        squares = (x**2).sum(1)[:, None] + (self.vectors**2).sum(1) - 2 * x @ self.vectors.T
        return np.asarray(np.exp(-self.gamma * np.maximum(squares, 0)) @ self.weight.T, np.float64) + self.bias


def softmax(scores: Scores) -> Scores:
    """Return probabilities (N, classes)."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def sharpest(scores: Scores, truth: npt.NDArray[np.int64]) -> float:
    """Return the factor of the scores that makes the truth the most probable, from 0.25 to 16."""

    def loss(factor: float) -> float:
        said = softmax(factor * scores)[np.arange(len(truth)), truth]
        return -float(np.log(np.maximum(said, 1e-12)).mean())

    return float(min(_SHARPNESS, key=loss))
