"""What pipelines that put rows into classes share: probabilities, classes, metrics and mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin

from .batch import Examples
from .metrics import MacroF1, Statistic, accuracy, class_scores, confusion, log_loss, reliability
from .parts import Prediction
from .pipeline import Pipeline
from .report import Confusion, Evaluation, Mistake, Table
from .training import Classification, Output, Task

_MISTAKES = 20


class Classifier(ClassifierMixin, Pipeline):  # type: ignore[misc]
    """A pipeline whose outputs are probabilities (N, classes); its features have `classes`."""

    @property
    def classes_(self) -> npt.NDArray[Any]:
        """The class names, in the order of the columns of `predict_proba`."""
        self._check_fitted()
        names: npt.NDArray[Any] = self.features_.classes.array()
        return names

    def predict_proba(self, X: Any) -> npt.NDArray[np.float32]:
        """Return probabilities (N, classes), in row order."""
        return np.asarray(self._outputs(self._read_whole(X)))

    def build_task(self, model: Any) -> Task:
        """Train by cross-entropy."""
        return Classification(model, self.config_.train.label_smoothing)

    def statistics(self, outputs: Output, examples: Examples) -> dict[str, Statistic]:
        """Return accuracy, macro F1 and log loss."""
        labels, probabilities = self.features_.classes.encode(examples), np.asarray(outputs)
        said = probabilities.argmax(1)
        return {
            "accuracy": accuracy(labels, said),
            "macro_f1": MacroF1(labels, said),
            "log_loss": log_loss(labels, probabilities),
        }

    def answers(self, outputs: Output) -> list[Prediction]:
        """Return the most probable class of each row with its probability."""
        probabilities = np.asarray(outputs)
        names = self.features_.classes.names
        best = probabilities.argmax(1)
        return [Prediction(names[column], float(row[column])) for row, column in zip(probabilities, best, strict=True)]

    def describe(self, outputs: Output, examples: Examples, evaluation: Evaluation) -> Evaluation:
        """Add the confusion matrix, the scores of each class, the calibration and the worst mistakes."""
        labels, probabilities = self.features_.classes.encode(examples), np.asarray(outputs)
        return described(evaluation, labels, probabilities, self.features_.classes.names, examples)


def described(
    evaluation: Evaluation, labels: npt.NDArray[np.int64], probabilities: Any, names: Any, examples: Examples
) -> Evaluation:
    """Return an evaluation with what classification shows besides its metrics."""
    from dataclasses import replace

    said, sure = probabilities.argmax(1), probabilities.max(1)
    counts = confusion(labels, said, len(names))
    rows = [(str(name), *score) for name, score in zip(names, class_scores(counts), strict=True)]
    return replace(
        evaluation,
        confusion=Confusion(labels=tuple(map(str, names)), counts=tuple(map(tuple, counts.tolist()))),
        tables=(Table(title="Classes", columns=("class", "precision", "recall", "f1", "rows"), rows=tuple(rows)),),
        reliability=tuple(reliability(sure, labels == said)),
        mistakes=_mistakes(labels, probabilities, names, examples),
    )


def _mistakes(labels: npt.NDArray[np.int64], probabilities: Any, names: Any, examples: Examples) -> tuple[Mistake, ...]:
    """Return the rows that were wrong with the most confidence."""
    said, sure = probabilities.argmax(1), probabilities.max(1)
    wrong = np.flatnonzero(said != labels)
    worst = wrong[np.argsort(-sure[wrong], kind="stable")][:_MISTAKES]
    return tuple(
        Mistake(
            place=examples.place(int(row)),
            truth=str(names[labels[row]]),
            prediction=str(names[said[row]]),
            score=float(sure[row]),
            shown=shown_input(examples.inputs, int(row)),
        )
        for row in worst
    )


def shown_input(inputs: Any, row: int) -> str:
    """Return a row as text: the text itself, both of a pair, a table's row as name=value pairs, else nothing."""
    if hasattr(inputs, "iloc"):
        return ", ".join(f"{name}={value}" for name, value in inputs.iloc[row].items())
    value = inputs[row]
    if isinstance(value, tuple) and all(isinstance(side, str) for side in value):
        return " | ".join(value)
    return value if isinstance(value, str) else ""
