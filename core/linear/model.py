"""A linear model: every domain's classical baseline, kept as safetensors and JSON.

scikit-learn fits it; what is kept is arithmetic that needs numpy alone.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import Damaged, NoSuchModel, WrongArray

Floats: TypeAlias = npt.NDArray[np.float32]
Matrix: TypeAlias = Any
"""A dense array (N, features) or a scipy CSR matrix of that shape."""

WEIGHTS, SETTINGS = "baseline.safetensors", "baseline.json"


@dataclass(frozen=True, kw_only=True)
class LinearModel:
    """Class probabilities softmax(W·(x − mean)/scale + b) over `classes`: strings, numbers or booleans.

    `link` "sigmoid" takes each class by itself, and "identity" leaves the scores as they are.

    `weight` is (classes, features) and `bias` (classes,); `mean` and `scale` are (features,) or None where
    the features are used as they are. `converged` is False where the fit stopped at its last permitted
    iteration.

    >>> model = LinearModel.fit(np.array([[0.0], [0.1], [0.9], [1.0]]), ["no", "no", "yes", "yes"])
    >>> model.classes, model.predict(np.array([[0.2], [0.8]])).tolist()
    (['no', 'yes'], ['no', 'yes'])
    """

    weight: Floats
    bias: Floats
    classes: list[Any]
    mean: Floats | None = None
    scale: Floats | None = None
    converged: bool = True
    link: Literal["softmax", "sigmoid", "identity"] = "softmax"

    @classmethod
    def fit(
        cls,
        x: Matrix,
        labels: Any,
        *,
        seed: int = 0,
        strength: float = 1.0,
        standardise: bool = True,
        iterations: int = 1000,
        weights: npt.NDArray[Any] | None = None,
    ) -> LinearModel:
        """Fit by scikit-learn's LogisticRegression (L-BFGS) with L2 penalty 1/(2·`strength`).

        `standardise` brings each feature to variance 1, and a dense one to mean 0 (sparse ones stay sparse). `weights`
        are those of the rows (N,).
        """
        names, targets = np.unique(np.asarray(labels), return_inverse=True)
        classes = names.tolist()
        if len(classes) == 1:
            weight = np.zeros((1, x.shape[1]), np.float32)
            return cls(weight=weight, bias=np.zeros(1, np.float32), classes=classes)
        mean, scale = _moments(x) if standardise else (None, None)
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        fitted = LogisticRegression(C=strength, max_iter=iterations, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # told by `converged`
            fitted.fit(_normalise(x, mean, scale), targets, sample_weight=weights)
        weight, bias = fitted.coef_.astype(np.float32), fitted.intercept_.astype(np.float32)
        if len(classes) == 2:  # one logit z: softmax of (0, z) is its sigmoid
            weight, bias = np.concatenate([0 * weight, weight]), np.concatenate([0 * bias, bias])
        converged = int(np.max(fitted.n_iter_)) < iterations
        return cls(weight=weight, bias=bias, classes=classes, mean=mean, scale=scale, converged=converged)

    def widened(self, classes: Sequence[Any]) -> LinearModel:
        """Return the model of the numbers of some of `classes` as one of all; what it does not know is far below."""
        weight = np.zeros((len(classes), self.weight.shape[1]), np.float32)
        bias = np.full(len(classes), self.bias.min() - 30, np.float32)
        weight[self.classes], bias[self.classes] = self.weight, self.bias
        return replace(self, weight=weight, bias=bias, classes=list(classes))

    @property
    def parameters(self) -> int:
        """The number of weights and biases."""
        return int(self.weight.size + self.bias.size)

    def probabilities(self, x: Matrix) -> Floats:
        """Return (N, classes) probabilities, or the scores where the link is "identity"."""
        scores = self.scores(x)
        if self.link == "identity":
            return scores.astype(np.float32)
        if self.link == "sigmoid":
            return np.asarray(1 / (1 + np.exp(-scores)), dtype=np.float32)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)

    def scores(self, x: Matrix) -> npt.NDArray[np.float64]:
        """Return the scores (N, classes) before the link."""
        if x.shape[1] != self.weight.shape[1]:
            raise WrongArray(f"the baseline takes {self.weight.shape[1]} features a row, not {x.shape[1]}")
        return np.asarray(_normalise(x, self.mean, self.scale) @ self.weight.T, np.float64) + self.bias

    def predict(self, x: Matrix) -> npt.NDArray[Any]:
        """Return the most probable class of each row."""
        return np.asarray(np.asarray(self.classes)[self.probabilities(x).argmax(axis=1)])

    def save(self, folder: str | Path) -> None:
        """Write `baseline.safetensors` and `baseline.json` into `folder`."""
        from safetensors.numpy import save_file

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {"weight": self.weight, "bias": self.bias, "mean": self.mean, "scale": self.scale}
        save_file({n: np.ascontiguousarray(t) for n, t in tensors.items() if t is not None}, folder / WEIGHTS)
        settings = {"link": self.link, "classes": self.classes, "converged": self.converged}
        (folder / SETTINGS).write_text(json.dumps(settings, ensure_ascii=False, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path) -> LinearModel:
        """Read what `save` wrote; raises ArtifactError where it is missing or damaged."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        folder = Path(folder)
        try:
            settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
            tensors = load_file(folder / WEIGHTS)
            model = cls(
                weight=tensors["weight"],
                bias=tensors["bias"],
                classes=settings["classes"],
                mean=tensors.get("mean"),
                scale=tensors.get("scale"),
                converged=settings["converged"],
                link=settings.get("link", "softmax"),
            )
        except FileNotFoundError as error:
            missing = error.filename or folder / WEIGHTS
            raise NoSuchModel(f"{missing}: no such file; save the baseline again") from None
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            raise Damaged(f"{folder}: a damaged baseline ({error}); save it again") from None
        if model.weight.shape[0] != len(model.classes) or model.bias.shape != (len(model.classes),):
            raise Damaged(f"{folder}: a damaged baseline (weights and classes disagree); save it again")
        return model


def _moments(x: Matrix) -> tuple[Floats | None, Floats]:
    """Return mean (None where `x` is sparse) and standard deviation (1 where constant) of each feature."""
    from sklearn.preprocessing import StandardScaler

    sparse = hasattr(x, "tocsr")
    scaler = StandardScaler(with_mean=not sparse).fit(x)
    return None if sparse else scaler.mean_.astype(np.float32), scaler.scale_.astype(np.float32)


def _normalise(x: Matrix, mean: Floats | None, scale: Floats | None) -> Matrix:
    if hasattr(x, "tocsr"):
        return x if scale is None else x.tocsr().multiply(1 / scale[None, :]).tocsr()
    x = np.asarray(x, dtype=np.float32)
    x = x if mean is None else x - mean
    return x if scale is None else x / scale
