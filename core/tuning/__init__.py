"""Tuning: a study of trials over a domain's space of settings, by Optuna."""

from .job import Search
from .result import TrialResult, Tuning
from .space import Choice, Dimension, IntRange, LogUniform, Space, Uniform
from .tune import tune

__all__ = [
    "Choice",
    "Dimension",
    "IntRange",
    "LogUniform",
    "Search",
    "Space",
    "TrialResult",
    "Tuning",
    "Uniform",
    "tune",
]
