"""BPE (Sennrich et al., 2016) and Unigram (Kudo, 2018) over words that begin with their space, as SentencePiece does.

Chinese characters and punctuation marks are words of their own. Ids decode to the normalised text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from ....core import pieces
from .alphabet import IDEOGRAPHS, Alphabet
from .special import SPECIAL, UNKNOWN

if TYPE_CHECKING:
    from ..config import TextFeaturesConfig

SPACE = "▁"


def train_bpe(texts: Sequence[str], config: TextFeaturesConfig) -> Tokenizer:
    """Train byte-pair encoding over letters; those that are not in the alphabet become [UNK]."""
    tokenizer, kept, letters = _begun(models.BPE(unk_token=UNKNOWN, fuse_unk=True), texts, config)
    pieces.train_bpe(tokenizer, kept, config.vocab_size, letters, least=config.min_frequency, special=SPECIAL)
    return tokenizer


def train_unigram(texts: Sequence[str], config: TextFeaturesConfig) -> Tokenizer:
    """Train a unigram language model of pieces; letters that are not in the alphabet become [UNK]."""
    tokenizer, kept, letters = _begun(models.Unigram(), texts, config)
    pieces.train_unigram(tokenizer, kept, config.vocab_size, letters, special=SPECIAL, unknown=UNKNOWN)
    return tokenizer


def _begun(
    model: Any, texts: Sequence[str], config: TextFeaturesConfig
) -> tuple[Tokenizer, Iterator[str], Sequence[str]]:
    """Return a tokenizer that is to be taught, the texts of its letters alone, and these letters."""
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = _normalizer(config)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(SPACE),
            pre_tokenizers.Split(Regex(f"[{IDEOGRAPHS}]"), "isolated"),
            pre_tokenizers.Punctuation("isolated"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(SPACE)
    plain = [tokenizer.normalizer.normalize_str(text) for text in texts]
    room = config.vocab_size - len(SPECIAL) - 1  # the space has a number, too
    alphabet = Alphabet.fit(plain, config.min_frequency, room, cost=lambda letter: 1)
    return tokenizer, alphabet.only(plain), [SPACE, *alphabet.kept]


def _normalizer(config: TextFeaturesConfig) -> Any:
    """Composed letters, in lower case where asked, and single spaces; a text's own "▁" counts as a space."""
    steps: list[Any] = [normalizers.NFKC() if config.nfkc else normalizers.NFC()]
    steps += [normalizers.Lowercase()] if config.lowercase else []
    return normalizers.Sequence(
        [*steps, normalizers.Replace(Regex(rf"[\s\p{{Cc}}{SPACE}]+"), " "), normalizers.Strip()]
    )
