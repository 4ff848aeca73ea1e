"""The text classifier: embeddings, the core encoder, pooling, one linear layer."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ...core.batch import Batch
from ...core.nn import Dropout, Pooling
from .config import PoolerKind, TextModelConfig
from .encoder import TextEncoder, draw_linear

# Shapes: B batch, W windows, L length, D width, C classes.

POOLERS: dict[PoolerKind, Callable[[Tensor], Tensor]] = {"tanh": torch.tanh, "relu": torch.relu}


class TextModel(TextEncoder):
    """A Transformer that puts texts into classes; with the right settings it is BERT, RoBERTa or DistilBERT.

    >>> model = TextModel(TextModelConfig(), vocab_size=100, num_classes=3)
    >>> model(Batch({"ids": torch.ones(2, 5, dtype=torch.int64)})).shape
    torch.Size([2, 3])
    """

    def __init__(self, config: TextModelConfig, vocab_size: int, num_classes: int) -> None:
        super().__init__(config, vocab_size)
        width = config.encoder.width
        self.pooling = Pooling(config.pooling, width)
        self.pooler = None if config.pooler == "none" else nn.Linear(width, width)
        self.dropout = Dropout(config.dropout)
        self.head = nn.Linear(width, num_classes)
        for linear in (self.pooler, self.head):
            if linear is not None:
                draw_linear(linear)

    def forward(self, batch: Batch) -> Tensor:
        """Return logits (B, C).

        `batch` is that of `encode`; where `row` (W,) says which row each window is of, a row is the mean of these.
        """
        first = 1 if self.config.pooling == "first" else None
        x_BD = self.pooling(self.encode(batch, first), batch.tensors.get("keep"))
        if "row" in batch:
            x_BD = mean_by_row(x_BD, batch["row"], len(batch["label"]))
        if self.pooler is not None:
            x_BD = POOLERS[self.config.pooler](self.pooler(x_BD))
        logits_BC: Tensor = self.head(self.dropout(x_BD))
        return logits_BC


def mean_by_row(x_WD: Tensor, row_W: Tensor, rows: int) -> Tensor:
    """Return the mean of the windows of each row (B, D).

    >>> mean_by_row(torch.tensor([[1.0], [3.0], [5.0]]), torch.tensor([0, 0, 1]), 2).tolist()
    [[2.0], [5.0]]
    """
    total_BD = x_WD.new_zeros(rows, x_WD.shape[1]).index_add(0, row_W, x_WD)
    return total_BD / torch.bincount(row_W, minlength=rows)[:, None]
