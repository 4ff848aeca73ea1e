"""What is learned from the training texts, and the way from texts to a source of batches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from ...core.batch import Examples
from ...core.errors import BadTokenizer, WrongColumns
from ...core.labels import Classes, Labels, fit_labels, load_labels, save_labels
from .cache import encode_texts
from .config import TextFeaturesConfig
from .pairs import are_pairs, sides
from .source import TextSource
from .tokenizers import MASK, train_tokenizer

_NONE = Classes(())
_PAIRS = "pairs.json"


@dataclass(frozen=True)
class TextFeatures:
    """What was learned from the training texts: a tokenizer and the classes."""

    config: TextFeaturesConfig
    tokenizer: Tokenizer
    classes: Labels
    paired: bool = False

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
        found = tokenizer or train_tokenizer(sides(examples.inputs), config)
        return cls(config, found, labels, are_pairs(examples.inputs))

    @property
    def mask_id(self) -> int:
        """The number of the token that hides another: [MASK], or <mask> in RoBERTa's vocabulary."""
        for name in (MASK, "<mask>"):
            if (number := self.tokenizer.token_to_id(name)) is not None:
                return int(number)
        raise BadTokenizer("the tokenizer has neither [MASK] nor <mask>; set features.token_dropout=0, or add one")

    @property
    def special_ids(self) -> frozenset[int]:
        """The numbers of the tokens that are no part of any text."""
        added = self.tokenizer.get_added_tokens_decoder()
        return frozenset(number for number, token in added.items() if token.special)

    @property
    def vocab_size(self) -> int:
        """The number of token ids, of which some may stand for nothing."""
        return max(self.tokenizer.get_vocab().values(), default=-1) + 1

    def source(self, examples: Examples, training: bool = False) -> TextSource:
        """Return the token ids of the examples, the same with and without `training`.

        Raises DataError where a model of pairs is given single texts, or the reverse.
        """
        paired = are_pairs(examples.inputs)
        if len(examples) and paired != self.paired:
            kinds = ("pairs of texts", "single texts") if self.paired else ("single texts", "pairs of texts")
            raise WrongColumns(f"{examples.name}: the model was trained on {kinds[0]}, and these are {kinds[1]}")
        tokens = encode_texts(examples.inputs, self._cutting() if paired else self.tokenizer)
        mask_id = self.mask_id if self.config.token_dropout else 0
        return TextSource(tokens, self.classes.encode(examples), self.config, mask_id)

    def _cutting(self) -> Tokenizer:
        """Return a copy that cuts pairs at the longest length; single texts are cut into windows instead."""
        tokenizer = Tokenizer.from_str(self.tokenizer.to_str())
        tokenizer.enable_truncation(self.config.max_length, strategy="longest_first")
        return tokenizer

    def save(self, folder: Path) -> None:
        """Write `tokenizer.json`, `classes.json` and, where rows are pairs, `pairs.json`."""
        (folder / "tokenizer.json").write_text(self.tokenizer.to_str(pretty=True), encoding="utf-8")
        save_labels(folder, self.classes)
        if self.paired:
            (folder / _PAIRS).write_text("{}", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, config: TextFeaturesConfig) -> TextFeatures:
        """Read what `save` wrote."""
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        return cls(config, tokenizer, load_labels(folder), (folder / _PAIRS).is_file())
