"""The classical models that a click model must beat: logistic regression and boosted trees, by scikit-learn."""

from .baseline import CLASSICAL, ClickBaseline, ClickClassicalConfig
from .logistic import LOGISTIC
from .trees import TREES

__all__ = ["CLASSICAL", "LOGISTIC", "TREES", "ClickBaseline", "ClickClassicalConfig"]
