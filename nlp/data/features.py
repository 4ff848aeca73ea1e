"""What is learned from the training texts, and the way from texts to a source of batches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from ...core.batch import Examples
from ...core.labels import Labels, fit_labels, load_labels, save_labels
from .config import TextFeaturesConfig
from .source import TextSource
from .tokenizers import MASK, SPECIAL, train_wordpiece


@dataclass(frozen=True)
class TextFeatures:
    """What was learned from the training texts: a tokenizer and the classes."""

    config: TextFeaturesConfig
    tokenizer: Tokenizer
    classes: Labels

    @classmethod
    def fit(cls, examples: Examples, config: TextFeaturesConfig) -> TextFeatures:
        """Learn a WordPiece vocabulary (Schuster and Nakajima, 2012) and the classes."""
        return cls(config, train_wordpiece(examples.inputs, config), fit_labels(examples, config.target))

    @property
    def vocab_size(self) -> int:
        """The number of token ids."""
        return int(self.tokenizer.get_vocab_size())

    def source(self, examples: Examples, training: bool = False) -> TextSource:
        """Return the token ids of the examples; `training` refuses what prediction may leave open."""
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch_fast(examples.inputs)]
        return TextSource(ids, self.classes.encode(examples), self.config.token_dropout, SPECIAL.index(MASK))

    def save(self, folder: Path) -> None:
        """Write `tokenizer.json` and `classes.json`."""
        self.tokenizer.save(str(folder / "tokenizer.json"))
        save_labels(folder, self.classes)

    @classmethod
    def load(cls, folder: Path, config: TextFeaturesConfig) -> TextFeatures:
        """Read what `save` wrote."""
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        return cls(config, tokenizer, load_labels(folder))
