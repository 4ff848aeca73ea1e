"""What is learned from the training texts, and the way from texts to a source of batches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from ...core.batch import Examples
from ...core.labels import Classes, Labels, fit_labels, load_labels, save_labels
from .cache import encode_texts
from .config import TextFeaturesConfig
from .pairs import are_pairs, sides
from .source import TextSource
from .tokenizers import MASK, train_tokenizer

_NONE = Classes(())


@dataclass(frozen=True)
class TextFeatures:
    """What was learned from the training texts: a tokenizer and the classes."""

    config: TextFeaturesConfig
    tokenizer: Tokenizer
    classes: Labels

    @classmethod
    def fit(cls, examples: Examples, config: TextFeaturesConfig, tokenizer: Tokenizer | None = None) -> TextFeatures:
        """Learn the labels and, where none is given, a vocabulary."""
        labels = fit_labels(examples, config.target)
        return cls.of_texts(examples, config, tokenizer, labels)

    @classmethod
    def of_texts(
        cls,
        examples: Examples,
        config: TextFeaturesConfig,
        tokenizer: Tokenizer | None = None,
        labels: Labels = _NONE,
    ) -> TextFeatures:
        """Learn a vocabulary from texts, whose labels are known or of no concern."""
        return cls(config, tokenizer or train_tokenizer(sides(examples.inputs), config), labels)

    @property
    def mask_id(self) -> int:
        """The number of the token that hides another: [MASK], or <mask> in RoBERTa's vocabulary."""
        found = [self.tokenizer.token_to_id(name) for name in (MASK, "<mask>")]
        return next(number for number in found if number is not None)

    @property
    def special_ids(self) -> frozenset[int]:
        """The numbers of the tokens that are no part of any text."""
        added = self.tokenizer.get_added_tokens_decoder()
        return frozenset(number for number, token in added.items() if token.special)

    @property
    def vocab_size(self) -> int:
        """The number of token ids."""
        return int(self.tokenizer.get_vocab_size())

    def source(self, examples: Examples, training: bool = False) -> TextSource:
        """Return the token ids of the examples; `training` refuses what prediction may leave open."""
        if are_pairs(examples.inputs):
            self.tokenizer.enable_truncation(self.config.max_length, strategy="longest_first")
        else:
            self.tokenizer.no_truncation()  # long texts are cut into windows
        tokens = encode_texts(examples.inputs, self.tokenizer)
        return TextSource(tokens, self.classes.encode(examples), self.config, self.mask_id)

    def save(self, folder: Path) -> None:
        """Write `tokenizer.json` and `classes.json`."""
        self.tokenizer.save(str(folder / "tokenizer.json"))
        save_labels(folder, self.classes)

    @classmethod
    def load(cls, folder: Path, config: TextFeaturesConfig) -> TextFeatures:
        """Read what `save` wrote."""
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        return cls(config, tokenizer, load_labels(folder))
