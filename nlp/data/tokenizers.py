"""Tokenizers that are learned from the training texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

if TYPE_CHECKING:
    from .config import TextFeaturesConfig

PAD, UNKNOWN, CLS, SEP, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
SPECIAL = (PAD, UNKNOWN, CLS, SEP, MASK)


def train_wordpiece(texts: Sequence[str], config: TextFeaturesConfig) -> Tokenizer:
    """Train a WordPiece tokenizer that adds [CLS] and [SEP] and cuts rows at the longest length.

    The same texts give the same vocabulary: the trainer numbers "##x" pieces as it meets them, in an order that changes
    from run to run, and breaks ties by number, so they are numbered beforehand.
    """
    learner = _wordpiece(models.WordPiece(unk_token=UNKNOWN), config)
    assert learner.normalizer is not None
    letters = sorted({letter for text in texts for letter in learner.normalizer.normalize_str(text)})
    numbered = [*SPECIAL, *letters, *(f"##{letter}" for letter in letters)]
    trainer = trainers.WordPieceTrainer(
        vocab_size=max(config.vocab_size, len(numbered)), min_frequency=config.min_frequency, special_tokens=numbered,
        show_progress=False,
    )  # fmt: skip
    learner.train_from_iterator(texts, trainer)
    tokenizer = _wordpiece(models.WordPiece(learner.get_vocab(), unk_token=UNKNOWN), config)
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.post_processor = processors.BertProcessing((SEP, SPECIAL.index(SEP)), (CLS, SPECIAL.index(CLS)))
    tokenizer.enable_truncation(config.max_length)
    return tokenizer


def _wordpiece(model: models.WordPiece, config: TextFeaturesConfig) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=config.lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer
