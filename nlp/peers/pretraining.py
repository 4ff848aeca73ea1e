"""Masked pre-training: transformers' BertForMaskedLM beside ours, whose head sees the masked positions alone."""

from __future__ import annotations

from typing import Any

import torch

from ...core.benchmark.clock import Clock
from ...core.benchmark.speed import OURS, Block, Contender
from ...core.training import Trainer
from ..masking import MaskedSource, MaskedTask
from .ours import CPU, train_config
from .setting import MAX_LENGTH, Setting, as_our_masked
from .trainer import train, tuned

_SHARE = 0.15


def pretrainers(setting: Setting) -> list[Contender]:
    """Return ours and theirs, tuned."""
    return [_ours(setting), _theirs(setting)]


def their_model(setting: Setting) -> Any:
    """Return transformers' masked language model with its first weights, the same at each call."""
    from transformers import BertConfig, BertForMaskedLM

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return BertForMaskedLM(BertConfig(**setting.bert_config()))


def _ours(setting: Setting) -> Contender:
    features = setting.features
    source = MaskedSource(
        features.source(setting.split.train), _SHARE, mask_id=features.mask_id, special=features.special_ids,
        vocab_size=features.vocab_size,
    )  # fmt: skip

    def run(repeat: int) -> Block:
        clock, task = Clock(), MaskedTask(as_our_masked(their_model(setting)))
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
        return train(setting, their_model(setting), rows, collate, {**tuned(), "seed": repeat})

    return Contender("HF BertForMaskedLM, tuned", run)
