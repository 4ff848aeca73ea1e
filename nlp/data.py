"""Texts and labels from files or lists, and their way to arrays of token ids."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from ..core.batch import Batch, Draw, Examples, Rows
from ..core.errors import ConfigError, DataError
from ..core.labels import Classes, as_labels
from ..core.tables import read_table

PAD, UNKNOWN, CLS, SEP, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
SPECIAL = (PAD, UNKNOWN, CLS, SEP, MASK)


@dataclass(frozen=True, kw_only=True)
class TextFeaturesConfig:
    """How texts become ids: a WordPiece vocabulary of the training set, and the longest row in tokens.

    In training each token is masked with the probability `token_dropout`.
    """

    vocab_size: int = 8000
    min_frequency: int = 2
    lowercase: bool = True
    max_length: int = 256
    token_dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.vocab_size <= len(SPECIAL):
            raise ConfigError(f"features.vocab_size ({self.vocab_size}) must be above {len(SPECIAL)}")
        if self.max_length < 3:
            raise ConfigError(f"features.max_length ({self.max_length}) must be 3 or above")
        if not 0 <= self.token_dropout < 1:
            raise ConfigError(f"features.token_dropout ({self.token_dropout}) must lie in [0, 1)")


def read(
    data: str | Path | pd.DataFrame | Sequence[str],
    labels: Sequence[Any] | None = None,
    *,
    input: str = "text",
    label: str = "label",
) -> Examples:
    """Read texts and, where there are some, labels: from a CSV, TSV, JSONL or Parquet file, a DataFrame, or lists.

    >>> read(["good", "bad"], ["pos", "neg"]).labels.tolist()
    ['pos', 'neg']
    """
    if not isinstance(data, str | Path | pd.DataFrame):
        return _from_lists(data, labels)
    table = read_table(data)
    texts = table.strings(input)
    empty = {
        row: f"column '{input}' is empty; fill it or remove the row"
        for row, text in enumerate(texts)
        if not text.strip()
    }
    found = table.label_column(label) if labels is None else as_labels(labels)
    return Examples(inputs=texts, labels=found, name=table.name, place=table.place, errors=empty)


def _from_lists(texts: Sequence[str], labels: Sequence[Any] | None) -> Examples:
    texts = list(texts)
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(f"row {row}: {type(text).__name__}, not a text; give a list of strings")
    if not texts:
        raise DataError("there are no texts; give at least one")
    return Examples(inputs=texts, labels=None if labels is None else as_labels(labels), name="texts")


class TextSource:
    """Token ids of all rows in one flat array; `batch` gathers whole batches from it."""

    def __init__(self, ids: list[list[int]], labels: npt.NDArray[np.int64], dropout: float, mask_id: int):
        self.lengths = np.array([len(row) for row in ids], dtype=np.int64)
        self.starts = np.cumsum(self.lengths) - self.lengths
        self.flat = np.fromiter((token for row in ids for token in row), dtype=np.int32, count=int(self.lengths.sum()))
        self.labels, self.dropout, self.mask_id = labels, dropout, mask_id

    def __len__(self) -> int:
        return len(self.lengths)

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        """Return `ids` (B, L), `label` (B,), and `keep` (B, L) where something is padded."""
        columns = np.arange(int(self.lengths[rows].max()))
        keep = columns[None, :] < self.lengths[rows][:, None]
        ids = self.flat[np.where(keep, self.starts[rows][:, None] + columns, 0)] * keep
        if draw is not None and self.dropout:
            masked = draw.uniform(rows, len(columns)) < self.dropout
            masked[:, 0] = False  # [CLS] stays
            ids = np.where(masked & keep, self.mask_id, ids)
        tensors = {
            "ids": torch.from_numpy(ids.astype(np.int64)),
            "label": torch.from_numpy(self.labels[rows]),
        }
        return Batch(tensors if keep.all() else tensors | {"keep": torch.from_numpy(keep)})


@dataclass(frozen=True)
class TextFeatures:
    """What was learned from the training texts: a tokenizer and the classes."""

    config: TextFeaturesConfig
    tokenizer: Tokenizer
    classes: Classes

    @classmethod
    def fit(cls, examples: Examples, config: TextFeaturesConfig) -> TextFeatures:
        """Learn a WordPiece vocabulary (Schuster and Nakajima, 2012) and the classes."""
        return cls(config, train_wordpiece(examples.inputs, config), Classes.fit(examples))

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
        (folder / "classes.json").write_text(json.dumps(self.classes.names), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, config: TextFeaturesConfig) -> TextFeatures:
        """Read what `save` wrote."""
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        names = json.loads((folder / "classes.json").read_text(encoding="utf-8"))
        return cls(config, tokenizer, Classes(tuple(names)))


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
