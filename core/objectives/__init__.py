"""What is done with labels of each kind: task, metrics, answers, and what the report shows."""

from .answer import NONE_OF_THESE, Prediction
from .base import Link, Objective
from .classes import ClassObjective
from .mistakes import shown_input
from .numbers import NumberObjective
from .sets import SetObjective

__all__ = [
    "NONE_OF_THESE",
    "ClassObjective",
    "Link",
    "NumberObjective",
    "Objective",
    "Prediction",
    "SetObjective",
    "objective_of",
    "shown_input",
]


def objective_of(labels: object) -> Objective:
    """Return the objective for labels of this kind."""
    from ..labels import Classes, LabelSets, Numbers

    if isinstance(labels, Classes):
        return ClassObjective(labels)
    if isinstance(labels, LabelSets):
        return SetObjective(labels)
    assert isinstance(labels, Numbers)
    return NumberObjective(labels)
