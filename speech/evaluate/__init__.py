"""How a recogniser is measured: texts made alike, errors by kind, speaker, length and word, the worst to be heard."""

from .describe import described
from .media import Timed, media_of
from .normalise import EvaluationConfig, is_unspaced, normalised
from .tables import Comparison, quarters, rates

__all__ = [
    "Comparison",
    "EvaluationConfig",
    "Timed",
    "described",
    "is_unspaced",
    "media_of",
    "normalised",
    "quarters",
    "rates",
]
