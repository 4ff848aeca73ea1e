"""The classical models that the Transformer must beat, as one: the best of three."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from ...core.batch import Examples
from ...core.errors import BadValue, Damaged
from ...core.labels import Classes, Labels, LabelSets
from ...core.linear import LinearModel, Weights, fifth, fit_machine, fit_numbers, fit_sets, some_rows
from ...core.parts import Classical
from ...core.training import Output
from ...core.tuning import Choice
from ..data import ImageFeatures, ImageTable, resize_all
from .hog import hog_of
from .neighbours import COUNTS, Neighbours

Floats = npt.NDArray[np.float32]
Model: TypeAlias = LinearModel | Neighbours

THUMBNAIL = 16
MOST_ROWS = 10_000
FACTS = "baseline_images.json"

HOG, PIXELS, NEAREST = "HOG + linear SVM", "logistic regression on pixels", "nearest thumbnails"
NAMES = (HOG, PIXELS, NEAREST)
_FOLDERS = {HOG: "hog", PIXELS: "pixels", NEAREST: "neighbours"}

CLASSICAL = {
    "hog": Classical(HOG, {"classical.strength": Choice((None, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0))}),
    "pixels": Classical(PIXELS, {"classical.strength": Choice((None, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0))}),
    "neighbours": Classical(NEAREST, {"classical.neighbours": Choice((None, *COUNTS))}),
}


@dataclass(frozen=True, kw_only=True)
class ImageClassicalConfig:
    """Which classical model stands beside the Transformer: "best" is the best of the three.

    `strength` is the inverse penalty of "hog" and "pixels", `neighbours` how many images "neighbours" looks at; None:
    chosen on a fifth of the training rows, but of "pixels" 100 over their number.
    """

    model: Literal["best", "hog", "pixels", "neighbours"] = "best"
    strength: float | None = None
    neighbours: int | None = None

    def __post_init__(self) -> None:
        if self.strength is not None and self.strength <= 0:
            raise BadValue(f"classical.strength ({self.strength}) must be above 0, or none: chosen")
        if self.neighbours is not None and self.neighbours < 1:
            raise BadValue(f"classical.neighbours ({self.neighbours}) must be 1 or above, or none: chosen")

    @property
    def names(self) -> tuple[str, ...]:
        """The models that are fitted."""
        return NAMES if self.model == "best" else (CLASSICAL[self.model].label,)


class ImageBaseline:
    """Histograms of gradients with a linear support vector machine, logistic regression on standardised thumbnails, and
    the nearest thumbnails; the one with the least loss on a fifth of the training rows speaks for all.

    They are fitted on at most 10,000 rows; `name` says on how many, where there were more. Several labels and numbers
    take logistic and ridge regression instead of the machine.
    """

    names: tuple[str, ...] = NAMES
    fitted_on: str = ""

    def __init__(self, config: ImageClassicalConfig | None = None):
        self.config = config or ImageClassicalConfig()
        self.names = self.config.names
        self.best = self.names[0]

    @property
    def name(self) -> str:
        """What a person calls the best of the three."""
        return self.best + self.fitted_on

    @property
    def parameters(self) -> int:
        """The numbers that all of them keep."""
        return sum(model.parameters for model in self.models_.values())

    def fit(self, examples: Examples, features: ImageFeatures, seed: int = 0, weights: Weights = None) -> ImageBaseline:
        """Fit on labelled images; the columns of `outputs` follow the classes of `features`, and `weights` say what
        each label counts."""
        examples, rows, self.fitted_on = some_rows(examples, MOST_ROWS, seed)
        if weights is not None and rows is not None:
            weights = weights[rows]
        self.features_ = features
        inputs, targets = self._inputs(examples, self.names), features.classes.encode(examples)
        kept, held_out = fifth(len(examples), seed, examples.groups)
        fit = _Fit(features.classes, seed, self.config)
        if len(held_out) and len(kept) and len(self.names) > 1:
            part = None if weights is None else weights[kept]
            tried = fit({name: x[kept] for name, x in inputs.items()}, targets[kept], part)
            losses = {
                name: fit.loss(outputs_of(model, inputs[name][held_out]), targets[held_out])
                for name, model in tried.items()
            }
            self.best = min(losses, key=losses.__getitem__)
        self.models_ = fit(inputs, targets, weights)
        return self

    def outputs(self, examples: Examples) -> Output:
        """Return what the best one says: probabilities (N, classes), or numbers (N,)."""
        return self.all_outputs(examples, (self.best,))[self.best]

    def all_outputs(self, examples: Examples, names: tuple[str, ...] | None = None) -> dict[str, Output]:
        """Return what each of them says."""
        names = names or self.names
        inputs = self._inputs(examples, names)
        return {name: outputs_of(self.models_[name], inputs[name]) for name in names}

    def save(self, folder: Path) -> None:
        """Write each model into a folder, what was learned of the images, and which is the best."""
        for name, model in self.models_.items():
            (folder / _FOLDERS[name]).mkdir(parents=True, exist_ok=True)
            model.save(folder / _FOLDERS[name])
        self.features_.save(folder)
        facts = {"best": self.best, "names": self.names, "fitted_on": self.fitted_on}
        (folder / FACTS).write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> ImageBaseline:
        """Read what `save` wrote; raises ArtifactError where it is missing or damaged."""
        baseline = cls()
        try:
            facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
            baseline.best, baseline.fitted_on = facts["best"], facts["fitted_on"]
            baseline.names = tuple(facts.get("names", NAMES))  # it was always all of them
            if not {baseline.best} <= set(baseline.names) <= set(NAMES):
                raise ValueError(f"no model '{baseline.best}'")
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"{folder / FACTS}: missing or damaged ({error}); save the baseline again"
            raise Damaged(message) from None
        baseline.models_ = {
            name: (Neighbours if name == NEAREST else LinearModel).load(folder / _FOLDERS[name])
            for name in baseline.names
        }
        baseline.features_ = ImageFeatures.load(folder)
        return baseline

    def _inputs(self, examples: Examples, names: tuple[str, ...]) -> dict[str, Floats]:
        table = self.features_.pixels(examples)
        found: dict[str, Floats] = {HOG: hog_of(table)} if HOG in names else {}
        if PIXELS in names or NEAREST in names:
            thumbnails = thumbnails_of(table)
            found |= {name: thumbnails for name in (PIXELS, NEAREST) if name in names}
        return found


class _Fit:
    """Fits the models that there are inputs for to encoded labels."""

    def __init__(self, labels: Labels, seed: int, config: ImageClassicalConfig):
        self.labels, self.seed, self.config = labels, seed, config

    def __call__(self, inputs: dict[str, Floats], targets: npt.NDArray[Any], weights: Weights) -> dict[str, Model]:
        return {
            name: self._nearest(x, targets)
            if name == NEAREST
            else self._linear(x, targets, weights, pixels=name == PIXELS)
            for name, x in inputs.items()
        }

    def _linear(self, x: Floats, targets: npt.NDArray[Any], weights: Weights, *, pixels: bool) -> LinearModel:
        if isinstance(self.labels, LabelSets):
            return fit_sets(x, targets, self.labels.names, self.seed, weights)
        if not isinstance(self.labels, Classes):
            return fit_numbers(x, targets, self.seed)
        if not pixels:
            strength = self.config.strength
            return fit_machine(x, targets, self.labels.names, self.seed, weights=weights, strength=strength)
        strength = self.config.strength or 100 / len(x)
        fitted = LinearModel.fit(x, targets, seed=self.seed, strength=strength, iterations=200, weights=weights)
        return fitted.widened(self.labels.names)

    def _nearest(self, x: Floats, targets: npt.NDArray[Any]) -> Neighbours:
        shares = _shares(targets, len(self.labels))
        if self.config.neighbours is not None:
            return Neighbours(x, shares, self.config.neighbours)
        kept, held_out = fifth(len(x), self.seed, None)
        if not len(held_out) or not len(kept):
            return Neighbours(x, shares, 1)
        outputs = Neighbours(x[kept], shares[kept], 1).outputs_of(x[held_out], COUNTS)
        losses = [float(((found - shares[held_out]) ** 2).mean()) for found in outputs]
        return Neighbours(x, shares, COUNTS[int(np.argmin(losses))])

    def loss(self, outputs: Output, targets: npt.NDArray[Any]) -> float:
        """Return the squared error of probabilities (Brier, 1950) or numbers."""
        found = np.asarray(outputs)
        wanted = _shares(targets, len(self.labels))
        return float(((found.reshape(wanted.shape) - wanted) ** 2).mean())


def outputs_of(model: Model, x: Floats) -> Output:
    """Return probabilities (N, classes), or numbers (N,)."""
    found = model.probabilities(x) if isinstance(model, LinearModel) else model.outputs(x)
    return np.asarray(found[:, 0] if found.shape[1] == 1 else found)


def thumbnails_of(images: ImageTable) -> Floats:
    """Return images as rows of at most 16 × 16 × C numbers, from 0 to 1."""
    small = resize_all(images, THUMBNAIL) if images.shape[1] > THUMBNAIL else images
    rows: Floats = small[:].reshape(len(small), -1).astype(np.float32)
    return rows / np.float32(255)


def _shares(targets: npt.NDArray[Any], classes: int) -> Floats:
    """Return encoded labels as rows of numbers (N, outputs)."""
    if targets.dtype.kind == "i":
        return np.asarray(np.eye(classes, dtype=np.float32)[targets])
    rows: Floats = targets.reshape(len(targets), -1).astype(np.float32)
    return rows
