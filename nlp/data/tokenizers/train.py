"""Which tokenizer is trained, on which texts, and what all of them add."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from tokenizers import Tokenizer, processors

from ....core.tables import Texts
from .special import CLS, SEP, SPECIAL
from .subwords import train_bpe, train_unigram
from .wordpiece import train_wordpiece

if TYPE_CHECKING:
    from ..config import TextFeaturesConfig

TokenizerKind = Literal["wordpiece", "bpe", "unigram"]
KINDS: dict[TokenizerKind, Callable[[Sequence[str], TextFeaturesConfig], Tokenizer]] = {
    "wordpiece": train_wordpiece,
    "bpe": train_bpe,
    "unigram": train_unigram,
}
SAMPLE = 100_000
"""The rows that a vocabulary is learned from; more change it little and take longer."""


def train_tokenizer(texts: Sequence[str], config: TextFeaturesConfig) -> Tokenizer:
    """Train the tokenizer of the settings; it adds [CLS] and [SEP], and cuts nothing.

    The same texts give the same tokenizer. A pair becomes [CLS] a [SEP] b [SEP], with type 1 from b on.
    """
    tokenizer = KINDS[config.tokenizer](sampled(texts), config)
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{CLS} $A {SEP}",
        pair=f"{CLS} $A {SEP} $B:1 {SEP}:1",
        special_tokens=[(name, SPECIAL.index(name)) for name in (CLS, SEP)],
    )
    return tokenizer


def sampled(texts: Sequence[str], most: int = SAMPLE) -> Sequence[str]:
    """Return at most so many of the texts, evenly spaced.

    >>> sampled("abcdefg", 3)
    ['a', 'd', 'g']
    """
    if len(texts) <= most:
        return texts
    rows = np.linspace(0, len(texts) - 1, most).astype(np.int64)
    return list(texts.take(rows)) if isinstance(texts, Texts) else [texts[row] for row in rows.tolist()]
