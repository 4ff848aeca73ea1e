"""WordPiece (Schuster and Nakajima, "Japanese and Korean voice search", 2012), with BERT's rules for words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from .alphabet import Alphabet, stands_alone
from .special import SPECIAL, UNKNOWN

if TYPE_CHECKING:
    from ..config import TextFeaturesConfig


def train_wordpiece(texts: Sequence[str], config: TextFeaturesConfig) -> Tokenizer:
    """Train a WordPiece tokenizer.

    The same texts give the same vocabulary: the trainer numbers "##x" pieces as it meets them, in an order that changes
    from run to run, and breaks ties by number, so they are numbered beforehand. What stands alone needs no "##x".
    """
    learner = _wordpiece(models.WordPiece(unk_token=UNKNOWN), config)
    assert learner.normalizer is not None
    plain = [learner.normalizer.normalize_str(text) for text in texts]
    room = config.vocab_size - len(SPECIAL)
    alphabet = Alphabet.fit(plain, config.min_frequency, room, cost=lambda letter: 2 - stands_alone(letter))
    inner = [f"##{letter}" for letter in alphabet.kept if not stands_alone(letter)]
    trainer = trainers.WordPieceTrainer(
        vocab_size=config.vocab_size, min_frequency=config.min_frequency, show_progress=False,
        special_tokens=[*SPECIAL, *alphabet.kept, *inner],
    )  # fmt: skip
    learner.train_from_iterator(alphabet.only(plain), trainer)
    return _wordpiece(models.WordPiece(learner.get_vocab(), unk_token=UNKNOWN), config)


def _wordpiece(model: models.WordPiece, config: TextFeaturesConfig) -> Tokenizer:
    tokenizer = Tokenizer(model)
    rules = normalizers.BertNormalizer(lowercase=config.lowercase)
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), rules]) if config.nfkc else rules
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer
