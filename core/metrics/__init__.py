"""Metrics with confidence intervals: classification, ranking, sequences, calibration."""

from .calibration import Bin, expected_calibration_error, reliability
from .classification import ClassScore, class_scores, confusion
from .intervals import Interval, Statistic, difference, interval, value_of
from .sequence import Edits, character_errors, edits, error_rate, word_errors
from .statistics import MacroF1, Ratio, RocAuc, accuracy, log_loss

__all__ = [
    "Bin",
    "ClassScore",
    "Edits",
    "Interval",
    "MacroF1",
    "Ratio",
    "RocAuc",
    "Statistic",
    "accuracy",
    "character_errors",
    "class_scores",
    "confusion",
    "difference",
    "edits",
    "error_rate",
    "expected_calibration_error",
    "interval",
    "log_loss",
    "reliability",
    "value_of",
    "word_errors",
]
