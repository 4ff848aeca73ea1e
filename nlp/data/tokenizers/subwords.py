"""BPE (Sennrich et al., 2016) and Unigram (Kudo, 2018) over words that begin with their space, as SentencePiece does.

Chinese characters and punctuation marks are words of their own. Ids decode to the normalised text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from .alphabet import IDEOGRAPHS, Alphabet
from .special import SPECIAL, UNKNOWN

if TYPE_CHECKING:
    from ..config import TextFeaturesConfig

SPACE = "▁"


def train_bpe(texts: Sequence[str], config: TextFeaturesConfig) -> Tokenizer:
    """Train byte-pair encoding over letters; those that are not in the alphabet become [UNK]."""
    model = models.BPE(unk_token=UNKNOWN, fuse_unk=True)
    return _train(model, texts, config, lambda letters: trainers.BpeTrainer(
        vocab_size=config.vocab_size, min_frequency=config.min_frequency, special_tokens=list(SPECIAL),
        initial_alphabet=letters, show_progress=False,
    ))  # fmt: skip


def train_unigram(texts: Sequence[str], config: TextFeaturesConfig) -> Tokenizer:
    """Train a unigram language model of pieces; letters that are not in the alphabet become [UNK].

    The trainer may learn a few pieces more than it is asked for: the least likely ones of several letters go.
    """
    tokenizer = _train(models.Unigram(), texts, config, lambda letters: trainers.UnigramTrainer(
        vocab_size=config.vocab_size, special_tokens=list(SPECIAL), initial_alphabet=letters, unk_token=UNKNOWN,
        show_progress=False,
    ))  # fmt: skip
    learned = json.loads(tokenizer.to_str())["model"]["vocab"][len(SPECIAL) :]
    # Scores are sums in an order of the trainer's own: the last digits are noise. Without any text they are no numbers.
    pieces = [(piece, -10.0 if score is None else round(score, 6)) for piece, score in learned]
    longer = sorted((-score, piece) for piece, score in pieces if len(piece) > 1)
    surplus = len(SPECIAL) + len(pieces) - config.vocab_size
    out = {piece for _, piece in longer[len(longer) - surplus :]} if surplus > 0 else set()
    kept = [(name, 0.0) for name in SPECIAL] + [pair for pair in pieces if pair[0] not in out]
    tokenizer.model = models.Unigram(kept, SPECIAL.index(UNKNOWN), False)
    return tokenizer


def _train(model: Any, texts: Sequence[str], config: TextFeaturesConfig, trainer: Any) -> Tokenizer:
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
    tokenizer.train_from_iterator(alphabet.only(plain), trainer([SPACE, *alphabet.kept]))
    return tokenizer


def _normalizer(config: TextFeaturesConfig) -> Any:
    """Composed letters, in lower case where asked, and single spaces; a text's own "▁" counts as a space."""
    steps: list[Any] = [normalizers.NFKC() if config.nfkc else normalizers.NFC()]
    steps += [normalizers.Lowercase()] if config.lowercase else []
    return normalizers.Sequence(
        [*steps, normalizers.Replace(Regex(rf"[\s\p{{Cc}}{SPACE}]+"), " "), normalizers.Strip()]
    )
