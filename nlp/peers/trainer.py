"""Hugging Face's Trainer: as its example ships it, with dynamic padding, and tuned."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from typing import Any

import torch

from ...core.benchmark.clock import Clock
from ...core.benchmark.speed import Block, Contender
from ...core.device import cpu_has_bfloat16
from .setting import MAX_LENGTH, RATE, ROWS_A_STEP, Setting, as_ours

SHIPPED: Mapping[str, Any] = {}
"""run_classification's own settings are the Trainer's: float32, rows in random order, transformers' choice of AdamW."""


def tuned() -> dict[str, Any]:
    """Return the settings that make it fastest: rows of like length together, fused AdamW, bfloat16 in hardware.

    Where the processor has no bfloat16, torch emulates it, many times slower than float32.
    """
    return {"train_sampling_strategy": "group_by_length", "optim": "adamw_torch_fused", "bf16": cpu_has_bfloat16()}


def their_trainers(setting: Setting) -> list[Contender]:
    """Return A (as shipped), A' (dynamic padding) and B (tuned)."""
    from transformers import DataCollatorWithPadding, default_data_collator

    tokenizer = setting.their_tokenizer()
    padded = _dataset(setting, tokenizer, "train", padding="max_length")
    ragged = _dataset(setting, tokenizer, "train", padding=False)
    dynamic = DataCollatorWithPadding(tokenizer)
    return [
        _contender("HF Trainer as shipped", setting, padded, default_data_collator, SHIPPED),
        _contender("HF Trainer, dynamic padding", setting, ragged, dynamic, SHIPPED),
        _contender("HF Trainer, tuned", setting, ragged, dynamic, tuned()),
    ]


def _dataset(setting: Setting, tokenizer: Any, part: str, padding: bool | str) -> Any:
    from datasets import Dataset

    examples = getattr(setting.split, part)
    columns = dict(tokenizer(list(examples.inputs), padding=padding, max_length=MAX_LENGTH, truncation=True))
    lengths = [sum(mask) for mask in columns["attention_mask"]]
    return Dataset.from_dict(columns | {"labels": setting.labels(part).tolist(), "length": lengths})


def _contender(name: str, setting: Setting, rows: Any, collate: Any, settings: Mapping[str, Any]) -> Contender:
    def run(repeat: int) -> Block:
        return train(setting, setting.their_model(), rows, collate, {**settings, "seed": repeat})

    return Contender(name, run)


def train(setting: Setting, model: Any, rows: Any, collate: Any, settings: Mapping[str, Any]) -> Block:
    """Train `model` for a block's steps; a classifier's accuracy on the test rows is its quality."""
    from transformers import Trainer, TrainingArguments

    torch.set_num_threads(setting.threads)
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder, num_train_epochs=1, per_device_train_batch_size=ROWS_A_STEP, learning_rate=RATE,
            use_cpu=True, save_strategy="no", logging_strategy="no", report_to="none", disable_tqdm=True, **settings,
        )  # fmt: skip
        trainer = Trainer(
            model=model, args=arguments, train_dataset=rows, data_collator=collate, callbacks=[_callback(clock)]
        )
        trainer.train()
    return clock.block(len(rows), _accuracy(setting, model) if hasattr(model, "classifier") else None)


def _callback(clock: Clock) -> Any:
    from transformers import TrainerCallback

    class Note(TrainerCallback):
        """Tells the clock of the start and of every step's end."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            clock.begin(0, state.max_steps)

        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            clock.advance(state.global_step)

    return Note()


def _accuracy(setting: Setting, model: Any) -> float:
    """Measure their weights by our model: the logits are the same (tests/parity), and it is faster."""
    import numpy as np

    from ...core.training import Classification, predict
    from .ours import CPU

    said = np.asarray(predict(Classification(as_ours(model)), setting.source(setting.split.test), CPU)).argmax(1)
    return float((said == setting.labels("test")).mean())
