"""The text classifier: embeddings, the core encoder, pooling, one linear layer."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ...core.batch import Batch
from ...core.nn import Pooling
from .config import PoolerKind, TextModelConfig
from .encoder import TextEncoder, draw_linear

# Shapes: B batch, L length, D width, C classes.

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
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(width, num_classes)
        for linear in (self.pooler, self.head):
            if linear is not None:
                draw_linear(linear)

    def forward(self, batch: Batch) -> Tensor:
        """Return logits (B, C); `batch` is that of `encode`."""
        x_BD = self.pooling(self.encode(batch), batch.tensors.get("keep"))
        if self.pooler is not None:
            x_BD = POOLERS[self.config.pooler](self.pooler(x_BD))
        logits_BC: Tensor = self.head(self.dropout(x_BD))
        return logits_BC
