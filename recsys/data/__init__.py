"""The adapter of click tables: files → examples → ids and positions → batches."""

from .columns import conversions, latest, numbers_of_groups, true_probabilities
from .config import ClickFeaturesConfig
from .features import ClickFeatures
from .kinds import checked
from .reading import divided, read
from .schema import Categorical, ListShape, LogShape, Numeric
from .source import ClickSource

__all__ = [
    "Categorical",
    "ClickFeatures",
    "ClickFeaturesConfig",
    "ClickSource",
    "ListShape",
    "LogShape",
    "Numeric",
    "checked",
    "conversions",
    "divided",
    "latest",
    "numbers_of_groups",
    "read",
    "true_probabilities",
]
