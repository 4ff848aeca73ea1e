"""Pieces of words as units, learned from the transcripts: byte-pair encoding or a unigram language model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from tokenizers import Tokenizer, models, pre_tokenizers

from ...core.errors import BadValue
from ...core.pieces import train_bpe, train_unigram
from .vocabulary import SPACE, Vocabulary, plain

Pieces: TypeAlias = Literal["bpe", "unigram"]
PIECES = ("bpe", "unigram")

_LEAST = 2
"""Letters that stand together less often than this are not joined: nobody would learn how they sound."""


def fit_pieces(texts: Sequence[str], kind: Pieces, size: int) -> Vocabulary:
    """Learn at most `size` pieces; each character of the texts is one, so that any text of them can be said.

    A word begins with its space, written "▁", as in SentencePiece (Kudo and Richardson, 2018); a piece lies within a
    word. Raises ConfigError where there are more characters than `size`. Few texts give fewer pieces.

    >>> vocabulary = fit_pieces(["low lower", "low"], "bpe", 9)
    >>> vocabulary.units
    ('e', 'l', 'o', 'r', 'w', '▁', 'lo', '▁lo', '▁low')
    >>> vocabulary.decode(vocabulary.encode("lower low").tolist()), len(vocabulary.encode("low low"))
    ('lower low', 2)
    """
    kept = [plain(text) for text in texts]
    letters = sorted({SPACE, *"".join(kept)} - {" "})
    if len(letters) > size:
        raise BadValue(
            f"features.vocab_size ({size}): the transcripts have {len(letters) - 1} characters, and each of them and "
            f"the space needs a unit; set {len(letters)} or more"
        )
    tokenizer = Tokenizer(models.BPE() if kind == "bpe" else models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(SPACE, prepend_scheme="always")
    if kind == "bpe":
        train_bpe(tokenizer, kept, size, letters, least=_LEAST, special=())
    else:
        train_unigram(tokenizer, kept, size, letters)
    return Vocabulary.of(tokenizer)
