"""The classical models that the Transformer must beat, as one: the best of three."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ...core.batch import Examples
from ...core.errors import ArtifactError
from ...core.labels import Classes, Labels, LabelSets
from ...core.linear import LinearModel, Weights, fifth, fit_machine, fit_numbers, fit_sets, some_rows
from ...core.training import Output
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


class ImageBaseline:
    """Histograms of gradients with a linear support vector machine, logistic regression on standardised thumbnails, and
    the nearest thumbnails; the one with the least loss on a fifth of the training rows speaks for all.

    They are fitted on at most 10,000 rows; `name` says on how many, where there were more. Several labels and numbers
    take logistic and ridge regression instead of the machine.
    """

    names = NAMES
    best: str = HOG
    fitted_on: str = ""

    @property
    def name(self) -> str:
        """What a person calls the best of the three."""
        return self.best + self.fitted_on

    @property
    def parameters(self) -> int:
        """The numbers that all three keep."""
        return sum(model.parameters for model in self.models_.values())

    def fit(self, examples: Examples, features: ImageFeatures, seed: int = 0, weights: Weights = None) -> ImageBaseline:
        """Fit on labelled images; the columns of `outputs` follow the classes of `features`, and `weights` say what
        each label counts."""
        examples, rows, self.fitted_on = some_rows(examples, MOST_ROWS, seed)
        if weights is not None and rows is not None:
            weights = weights[rows]
        self.features_ = features
        inputs, targets = self._inputs(examples), features.classes.encode(examples)
        kept, held_out = fifth(len(examples), seed, examples.groups)
        fit = _Fit(features.classes, seed)
        if len(held_out) and len(kept):
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

    def all_outputs(self, examples: Examples, names: tuple[str, ...] = NAMES) -> dict[str, Output]:
        """Return what each of them says."""
        inputs = self._inputs(examples, names)
        return {name: outputs_of(self.models_[name], inputs[name]) for name in names}

    def save(self, folder: Path) -> None:
        """Write each model into a folder, what was learned of the images, and which is the best."""
        for name, model in self.models_.items():
            (folder / _FOLDERS[name]).mkdir(parents=True, exist_ok=True)
            model.save(folder / _FOLDERS[name])
        self.features_.save(folder)
        facts = {"best": self.best, "fitted_on": self.fitted_on}
        (folder / FACTS).write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> ImageBaseline:
        """Read what `save` wrote; raises ArtifactError where it is missing or damaged."""
        baseline = cls()
        baseline.models_ = {
            name: (Neighbours if name == NEAREST else LinearModel).load(folder / place)
            for name, place in _FOLDERS.items()
        }
        baseline.features_ = ImageFeatures.load(folder)
        try:
            facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
            baseline.best, baseline.fitted_on = facts["best"], facts["fitted_on"]
        except (OSError, ValueError, KeyError) as error:
            message = f"{folder / FACTS}: missing or damaged ({error}); save the baseline again"
            raise ArtifactError(message) from None
        return baseline

    def _inputs(self, examples: Examples, names: tuple[str, ...] = NAMES) -> dict[str, Floats]:
        table = self.features_.pixels(examples)
        found: dict[str, Floats] = {HOG: hog_of(table)} if HOG in names else {}
        if PIXELS in names or NEAREST in names:
            thumbnails = thumbnails_of(table)
            found |= {PIXELS: thumbnails, NEAREST: thumbnails}
        return found


class _Fit:
    """Fits the three models to features and encoded labels."""

    def __init__(self, labels: Labels, seed: int):
        self.labels, self.seed = labels, seed

    def __call__(self, inputs: dict[str, Floats], targets: npt.NDArray[Any], weights: Weights) -> dict[str, Model]:
        return {
            HOG: self._linear(inputs[HOG], targets, weights, pixels=False),
            PIXELS: self._linear(inputs[PIXELS], targets, weights, pixels=True),
            NEAREST: self._nearest(inputs[NEAREST], targets),
        }

    def _linear(self, x: Floats, targets: npt.NDArray[Any], weights: Weights, *, pixels: bool) -> LinearModel:
        if isinstance(self.labels, LabelSets):
            return fit_sets(x, targets, self.labels.names, self.seed, weights)
        if not isinstance(self.labels, Classes):
            return fit_numbers(x, targets, self.seed)
        if not pixels:
            return fit_machine(x, targets, self.labels.names, self.seed, weights=weights)
        fitted = LinearModel.fit(x, targets, seed=self.seed, strength=100 / len(x), iterations=200, weights=weights)
        return fitted.widened(self.labels.names)

    def _nearest(self, x: Floats, targets: npt.NDArray[Any]) -> Neighbours:
        shares = _shares(targets, len(self.labels))
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
