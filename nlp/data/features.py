"""What is learned from the training texts, and the way from texts to a source of batches."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from ...core.batch import Examples
from ...core.labels import Classes
from .cache import encode_texts
from .config import TextFeaturesConfig
from .pairs import sides
from .source import TextSource
from .tokenizers import MASK, SPECIAL, train_tokenizer


@dataclass(frozen=True)
class TextFeatures:
    """What was learned from the training texts: a tokenizer and the classes."""

    config: TextFeaturesConfig
    tokenizer: Tokenizer
    classes: Classes

    @classmethod
    def fit(cls, examples: Examples, config: TextFeaturesConfig) -> TextFeatures:
        """Learn a vocabulary and the classes."""
        return cls(config, train_tokenizer(sides(examples.inputs), config), Classes.fit(examples))

    @property
    def vocab_size(self) -> int:
        """The number of token ids."""
        return int(self.tokenizer.get_vocab_size())

    def source(self, examples: Examples, training: bool = False) -> TextSource:
        """Return the token ids of the examples; `training` refuses what prediction may leave open."""
        tokens = encode_texts(examples.inputs, self.tokenizer)
        return TextSource(tokens, self.classes.encode(examples), self.config.token_dropout, SPECIAL.index(MASK))

    def save(self, folder: Path) -> None:
        """Write `tokenizer.json` and `classes.json`."""
        self.tokenizer.save(str(folder / "tokenizer.json"))
        (folder / "classes.json").write_text(json.dumps(self.classes.names), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, config: TextFeaturesConfig) -> TextFeatures:
        """Read what `save` wrote."""
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        names = json.loads((folder / "classes.json").read_text(encoding="utf-8"))
        return cls(config, tokenizer, Classes(tuple(names)))
