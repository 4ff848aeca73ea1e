"""Linear models: the arithmetic that is kept, and the ways to fit it."""

from .choice import Weights, fifth, some_rows
from .fit import fit_logistic, fit_numbers, fit_sets
from .margins import fit_bayes, fit_machine, fit_margins
from .model import LinearModel

__all__ = [
    "LinearModel",
    "Weights",
    "fifth",
    "fit_bayes",
    "fit_logistic",
    "fit_machine",
    "fit_margins",
    "fit_numbers",
    "fit_sets",
    "some_rows",
]
