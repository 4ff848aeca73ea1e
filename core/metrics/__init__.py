"""Metrics with confidence intervals: classification, ranking, sequences, calibration."""

from .calibration import Bin, expected_calibration_error, reliability
from .classification import ClassScore, class_scores, confusion
from .intervals import Interval, Statistic, difference, interval, value_of
from .ranking import CalibrationError, GroupAuc, NormalisedEntropy, ndcg, recall
from .regression import R2, Pearson, Rmse, mean_absolute_error, spearman
from .sequence import Edits, Pair, alignment, character_errors, edits, error_rate, word_errors
from .sets import SetMacroF1, binary_log_loss, exact, f1, set_scores
from .statistics import Among, MacroF1, Ratio, RocAuc, accuracy, log_loss

__all__ = [
    "R2",
    "Among",
    "Bin",
    "CalibrationError",
    "ClassScore",
    "Edits",
    "GroupAuc",
    "Interval",
    "MacroF1",
    "NormalisedEntropy",
    "Pair",
    "Pearson",
    "Ratio",
    "Rmse",
    "RocAuc",
    "SetMacroF1",
    "Statistic",
    "accuracy",
    "alignment",
    "binary_log_loss",
    "character_errors",
    "class_scores",
    "confusion",
    "difference",
    "edits",
    "error_rate",
    "exact",
    "expected_calibration_error",
    "f1",
    "interval",
    "log_loss",
    "mean_absolute_error",
    "ndcg",
    "recall",
    "reliability",
    "set_scores",
    "spearman",
    "value_of",
    "word_errors",
]
