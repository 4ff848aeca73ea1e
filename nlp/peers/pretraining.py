"""Masked pre-training: transformers' BertForMaskedLM beside ours, whose head sees the masked positions alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...core.batch import Batch, Draw, Rows
from ...core.benchmark.speed import OURS, Block, Contender
from ...core.training import Output, Term, Trainer
from ..data import MASK, SPECIAL, TextSource
from ..pretrained import load_bert
from .clock import Clock
from .ours import CPU, train_config
from .setting import MAX_LENGTH, Setting
from .trainer import train, tuned

# Shapes: B batch, L length, D width, M masked positions, V vocabulary.

_SHARE = 0.15


class MaskedModel(nn.Module):
    """BERT's masked language model; `batch["masked"]` holds flat positions (M,), the result is logits (M, V)."""

    def __init__(self, theirs: Any, config: dict[str, Any]) -> None:
        super().__init__()
        classifier = load_bert(theirs.state_dict(), config, num_classes=2)
        self.embedding, self.encoder = classifier.embedding, classifier.encoder
        self.dense, self.norm = nn.Linear(256, 256), nn.LayerNorm(256, eps=1e-12)
        self.bias = nn.Parameter(torch.zeros(config["vocab_size"]))
        head = theirs.cls.predictions
        self.dense.load_state_dict(head.transform.dense.state_dict())
        self.norm.load_state_dict(head.transform.LayerNorm.state_dict())

    def forward(self, batch: Batch) -> Tensor:
        x_BLD = self.encoder(self.embedding(batch["ids"]), batch.tensors.get("keep"))
        x_MD = self.norm(F.gelu(self.dense(x_BLD.flatten(0, 1)[batch["masked"]])))
        return F.linear(x_MD, self.embedding.words.weight, self.bias)


class MaskedSource:
    """Token ids of which 15 % are to be guessed: 80 % of these are masked, 10 % random, 10 % as they were."""

    def __init__(self, source: TextSource, vocab_size: int) -> None:
        self.source, self.vocab_size = source, vocab_size
        self.lengths: npt.NDArray[np.int64] | None = source.lengths

    def __len__(self) -> int:
        return len(self.source)

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        """Return `ids` (B, L), perhaps `keep` (B, L), `masked` (M,) and `target` (M,)."""
        plain = self.source.batch(rows)
        ids = plain["ids"].numpy()
        draw = draw or Draw(0, 0)
        place = np.arange(ids.shape[1])
        inner = (place > 0) & (place < self.source.lengths[rows][:, None] - 1)  # neither [CLS] nor [SEP]
        chosen = inner & (draw.uniform(rows, ids.shape[1]) < _SHARE)
        kind, other = draw.uniform(rows, ids.shape[1], 1), draw.uniform(rows, ids.shape[1], 2)
        new = np.where(
            kind < 0.8, SPECIAL.index(MASK), np.where(kind < 0.9, (other * self.vocab_size).astype(int), ids)
        )
        tensors = {name: value for name, value in plain.tensors.items() if name == "keep"}
        return Batch(
            {
                "ids": torch.from_numpy(np.where(chosen, new, ids)),
                "masked": torch.from_numpy(np.flatnonzero(chosen)),
                "target": torch.from_numpy(ids[chosen]),
            }
            | tensors
        )


class MaskedTask:
    """Cross-entropy over the masked positions."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        """Return the number of masked positions."""
        return {"loss": torch.tensor(len(batch["target"]))}

    def loss(self, batch: Batch) -> dict[str, Term]:
        """Return the summed loss."""
        return {"loss": Term(F.cross_entropy(self.model(batch).float(), batch["target"], reduction="sum"))}

    def predict(self, batch: Batch) -> Output:
        """Return the most probable tokens."""
        return [str(token) for token in self.model(batch).argmax(-1).tolist()]


def pretrainers(setting: Setting) -> list[Contender]:
    """Return ours and theirs, tuned."""
    return [_ours(setting), _theirs(setting)]


def _their_model(setting: Setting) -> Any:
    from transformers import BertConfig, BertForMaskedLM

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return BertForMaskedLM(BertConfig(**setting.bert_config()))


def _ours(setting: Setting) -> Contender:
    source = MaskedSource(setting.features.source(setting.split.train), setting.features.vocab_size)

    def run(repeat: int) -> Block:
        clock, task = Clock(), MaskedTask(MaskedModel(_their_model(setting), setting.bert_config()))
        Trainer(train_config(setting, repeat), CPU, observer=clock).fit(task, source)
        return clock.block(len(source))

    return Contender(OURS, run)


def _theirs(setting: Setting) -> Contender:
    from datasets import Dataset
    from transformers import DataCollatorForLanguageModeling

    tokenizer = setting.their_tokenizer()
    found = tokenizer(list(setting.split.train.inputs), max_length=MAX_LENGTH, truncation=True)
    columns = {name: found[name] for name in ("input_ids", "attention_mask")}
    rows = Dataset.from_dict(columns | {"length": [len(ids) for ids in found["input_ids"]]})
    collate = DataCollatorForLanguageModeling(tokenizer, mlm_probability=_SHARE)

    def run(repeat: int) -> Block:
        return train(setting, _their_model(setting), rows, collate, {**tuned(), "seed": repeat})

    return Contender("HF BertForMaskedLM, tuned", run)
