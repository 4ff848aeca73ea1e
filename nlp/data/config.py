"""The settings of the features."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.errors import BadValue
from ...core.labels import Target
from .tokenizers import SPECIAL, TokenizerKind


@dataclass(frozen=True, kw_only=True)
class TextFeaturesConfig:
    """How texts become ids: a vocabulary that is learned from the training set, and the longest row in tokens.

    `target` says what labels are: a class, several labels, or a number ("auto" sees to it). `nfkc` makes full-width and
    other compatible letters the same. Letters rarer than `min_frequency`, ASCII excepted, become [UNK]. A text longer
    than `max_length` becomes several windows, of which `max_windows`, evenly spaced, are read. In training each token
    is masked with the probability `token_dropout`.
    """

    target: Target = "auto"
    tokenizer: TokenizerKind = "wordpiece"
    vocab_size: int = 8000
    min_frequency: int = 2
    lowercase: bool = True
    nfkc: bool = False
    max_length: int = 256
    max_windows: int = 32
    token_dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.vocab_size <= len(SPECIAL):
            raise BadValue(f"features.vocab_size ({self.vocab_size}) must be above {len(SPECIAL)}")
        if self.max_length < 3:
            raise BadValue(f"features.max_length ({self.max_length}) must be 3 or above")
        if self.max_windows < 1:
            raise BadValue(f"features.max_windows ({self.max_windows}) must be 1 or above")
        if not 0 <= self.token_dropout < 1:
            raise BadValue(f"features.token_dropout ({self.token_dropout}) must lie in [0, 1)")
