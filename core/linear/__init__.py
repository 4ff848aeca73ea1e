"""Linear models: the arithmetic that is kept, and the ways to fit it."""

from .fit import fit_numbers, fit_sets
from .margins import fit_margins
from .model import LinearModel

__all__ = ["LinearModel", "fit_margins", "fit_numbers", "fit_sets"]
