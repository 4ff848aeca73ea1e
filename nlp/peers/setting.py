"""What all contenders share: data, vocabulary, the model's shape, its first weights, and the steps."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ...core.batch import Examples, Source
from ...core.benchmark import Split
from ...core.benchmark.peers import case_of
from ...core.errors import MissingPackage
from ...core.labels import Classes
from ..benchmark import CASES
from ..data import TextFeatures, TextFeaturesConfig
from ..model import MaskedLanguageModel, TextModel
from ..pretrained import Pretrained, read_pretrained, start

ROWS_A_STEP = 32
MAX_LENGTH = 128
RATE = 3e-4
_TEST_ROWS = 2000


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One case, tokenised by a vocabulary of its training rows, and the threads that each contender may use.

    A block is one epoch over `split.train`, so that all see the same rows, each once; `full` are the rows from which
    these were drawn. Of a large test split 2,000 rows are drawn.
    """

    split: Split
    full: Examples
    features: TextFeatures
    threads: int

    @property
    def steps(self) -> int:
        """The steps of a block."""
        return -(-len(self.split.train) // ROWS_A_STEP)

    def source(self, examples: Examples) -> Source:
        """Return the token ids of labelled examples."""
        source: Any = self.features.source(examples, training=True)  # the protocol's attribute may be None, ours never
        found: Source = source
        return found

    def labels(self, part: str) -> npt.NDArray[np.int64]:
        """Return the class numbers of the `train` or `test` rows."""
        return self.classes.encode(getattr(self.split, part))

    @property
    def classes(self) -> Classes:
        """The classes of the case."""
        assert isinstance(self.features.classes, Classes)
        return self.features.classes

    def bert_config(self) -> dict[str, Any]:
        """Return Hugging Face's settings: 4 layers of width 256, dropout 0.1 both in attention and outside it."""
        return {
            "vocab_size": self.features.vocab_size, "hidden_size": 256, "num_hidden_layers": 4,
            "num_attention_heads": 8, "intermediate_size": 1024, "max_position_embeddings": MAX_LENGTH,
            "num_labels": len(self.classes),
        }  # fmt: skip

    def their_model(self) -> Any:
        """Return transformers' classifier with its first weights, the same at each call."""
        from transformers import BertConfig, BertForSequenceClassification

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return BertForSequenceClassification(BertConfig(**self.bert_config()))

    def our_model(self) -> TextModel:
        """Return our model with the same first weights."""
        return as_ours(self.their_model())

    def their_tokenizer(self) -> Any:
        """Return the same tokenizer as transformers knows it."""
        from transformers import PreTrainedTokenizerFast

        fast: Any = PreTrainedTokenizerFast
        return fast(
            tokenizer_object=self.features.tokenizer, model_max_length=MAX_LENGTH, pad_token="[PAD]",
            unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]",
        )  # fmt: skip


def as_ours(theirs: Any) -> TextModel:
    """Return a classifier of ours with the weights of one of transformers', through a folder as users would."""
    found = _through_folder(theirs)
    assert found.classifier is not None
    model = TextModel(found.config, found.vocab_size, len(found.classifier["head.bias"]))
    start(model, found)
    return model


def as_our_masked(theirs: Any) -> MaskedLanguageModel:
    """Return a masked language model of ours with the weights of one of transformers'."""
    found = _through_folder(theirs)
    model = MaskedLanguageModel(found.config, found.vocab_size)
    start(model, found)
    return model


def _through_folder(theirs: Any) -> Pretrained:
    with TemporaryDirectory() as folder:
        theirs.save_pretrained(folder)
        return read_pretrained(folder)


def load_setting(name: str, steps: int, threads: int) -> Setting:
    """Load a case and learn its vocabulary; raise ConfigError where the extra, DataError where the data is missing."""
    for package in ("accelerate", "datasets"):
        if find_spec(package) is None:
            raise MissingPackage(f"the peers need {package}; pip install 'fourfold[peers]'")
    split = case_of(CASES, name).load(0)
    random = np.random.default_rng(0)
    chosen = random.permutation(len(split.train))[: steps * ROWS_A_STEP]
    measured = random.permutation(len(split.test))[:_TEST_ROWS]
    config = TextFeaturesConfig(vocab_size=8000, max_length=MAX_LENGTH, max_windows=1, token_dropout=0.0)
    features = TextFeatures.fit(split.train, config)
    block = Split(split.train.take(chosen), split.test.take(measured))
    return Setting(split=block, full=split.train, features=features, threads=threads)
