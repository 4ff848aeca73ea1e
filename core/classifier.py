"""What pipelines with an objective share: classes, several labels or numbers in, probabilities or numbers out."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt
from torch import nn

from .batch import Examples
from .device import pick_device
from .errors import Unsupported
from .holdout import Strata
from .labels import KINDS, Numbers, Target, kind_of, members
from .metrics import Statistic
from .objectives import Objective, Prediction, objective_of
from .pipeline import Pipeline
from .probing import fit_head
from .report import Evaluation
from .training import Observer, Output, Task
from .training.checkpoint import CHECKPOINTS, load_checkpoint

_HEAD_ROWS = 10_000
"""More rows hardly move what a head learns of fixed features."""


class Classifier(Pipeline):
    """A pipeline whose features have `classes`: what its labels are."""

    metrics: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1", "f1", "log_loss")
    weighable: ClassVar[bool] = True

    @property
    def objective(self) -> Objective:
        """What is done with labels of this kind."""
        return objective_of(self.features_.classes)

    @property
    def target(self) -> Target:
        """What labels are: as learned, or as the settings say."""
        if hasattr(self, "features_"):
            found = next(name for name, kind in KINDS.items() if isinstance(self.features_.classes, kind))
            return cast(Target, found)
        config = self.config or self.preset_config()
        return cast(Target, getattr(config.features, "target", "class"))

    def strata(self, examples: Examples) -> Strata:
        """Return the classes of each row, one or several; numbers have none."""
        if examples.labels is None or not len(examples):
            return None
        kind = kind_of(examples.labels) if self.target == "auto" else self.target
        if kind == "labels":
            return [members(label) for label in examples.labels]
        return None if kind == "number" else super().strata(examples)

    @property
    def main_metric(self) -> str:
        """The first metric of the kind of labels."""
        return self.objective.metrics[0] if hasattr(self, "features_") else self.metrics[0]

    @property
    def classes_(self) -> npt.NDArray[Any]:
        """The class names, in the order of the columns of `predict_proba`."""
        self._check_fitted()
        if isinstance(self.features_.classes, Numbers):
            raise AttributeError("a model of numbers has no classes")
        names: npt.NDArray[Any] = self.features_.classes.array()
        return names

    def score(self, X: Any, y: Any = None) -> float:
        """Return the main metric of the kind of labels on labelled data."""
        return Pipeline.score(self, X, y)

    def __sklearn_tags__(self) -> Any:
        """Say whether this classifies or, once fitted to numbers, predicts them."""
        from sklearn.utils import ClassifierTags, RegressorTags

        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        if isinstance(getattr(getattr(self, "features_", None), "classes", None), Numbers):
            tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
        else:
            tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags()
        return tags

    def predict_proba(self, X: Any) -> npt.NDArray[np.float32]:
        """Return probabilities (N, classes), in row order; of several labels, each by itself."""
        if isinstance(self._fitted().features_.classes, Numbers):
            raise Unsupported("predict_proba: this model predicts numbers; call predict")
        return np.asarray(self._outputs(self._read_whole(X)))

    def weights(self, examples: Examples) -> npt.NDArray[Any] | None:
        """Return weights by which the classes count the same, where `train.class_weights` asks for it."""
        return self.objective.weights(examples) if self.config_.train.class_weights == "balanced" else None

    def check_settings(self, held_out: Examples | None) -> None:
        """Refuse weights of classes where labels are numbers."""
        if self.config_.train.class_weights != "none" and isinstance(self.features_.classes, Numbers):
            raise Unsupported("train.class_weights: the labels are numbers, with no classes to weigh; leave it out")

    def fit_baseline(self, examples: Examples) -> Any:
        """Fit with the weights of the classes, where they are asked for."""
        weights = self.weights(examples)
        if weights is None:
            return super().fit_baseline(examples)
        seed = self.config_.train.seed
        return self.new_baseline().fit(examples, self.features_, seed=seed, weights=weights)

    def fit_heads(
        self,
        model: nn.Module,
        heads: Iterable[nn.Linear],
        examples: Examples,
        folder: Path | None,
        observer: Observer,
    ) -> None:
        """Fit the heads of a model with pretrained weights to 10,000 training rows at most.

        Where training goes on from a checkpoint in `folder`, it has them already.
        """
        if folder is not None and load_checkpoint(folder / CHECKPOINTS)[0] is not None:
            return
        start = time.monotonic()
        seed, labels = self.config_.train.seed, self.features_.classes
        rows = np.sort(np.random.default_rng(seed).permutation(len(examples))[:_HEAD_ROWS])
        few = examples.take(rows)
        observer.say(f"fits a head to what the pretrained weights make of {len(few):,} rows")
        source, targets, device = self.features_.source(few), labels.encode(few), pick_device(self.device)
        for head in heads:
            fit_head(model, head, source, targets, labels, device, seed=seed, weights=self.weights(few))
        self.facts_["head_seconds"] = round(time.monotonic() - start, 2)

    def build_task(self, model: Any, examples: Examples | None = None) -> Task:
        """Train by the objective's loss."""
        return self.objective.task(model, self.config_.train, examples)

    def statistics(self, outputs: Output, examples: Examples) -> dict[str, Statistic]:
        """Return the objective's metrics."""
        return self.objective.statistics(outputs, examples)

    def answers(self, outputs: Output) -> list[Prediction]:
        """Return each row's label with its probability; "none of these" below the threshold of a rejecting model."""
        return self.objective.answers(outputs, self.threshold_)

    def describe(self, outputs: Output, examples: Examples, evaluation: Evaluation) -> Evaluation:
        """Add tables, calibration and the worst mistakes."""
        return self.objective.describe(outputs, examples, evaluation)
