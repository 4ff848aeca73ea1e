"""The text classifier: embeddings, the core encoder, pooling, one linear layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...core.batch import Batch
from ...core.nn import Dropout, Encoder, Pooling
from .config import TextModelConfig
from .embedding import TextEmbedding

# Shapes: B batch, L length, D width, C classes.


class TextModel(nn.Module):
    """A Transformer that puts texts into classes; with the right settings it is BERT.

    >>> model = TextModel(TextModelConfig(), vocab_size=100, num_classes=3)
    >>> model(Batch({"ids": torch.ones(2, 5, dtype=torch.int64)})).shape
    torch.Size([2, 3])
    """

    def __init__(self, config: TextModelConfig, vocab_size: int, num_classes: int) -> None:
        super().__init__()
        width = config.encoder.width
        self.config = config
        self.embedding = TextEmbedding(config, vocab_size)
        self.encoder = Encoder(config.encoder)
        self.pooling = Pooling(config.pooling, width)
        self.pooler = nn.Linear(width, width) if config.pooler else None
        self.dropout = Dropout(config.dropout)
        self.head = nn.Linear(width, num_classes)
        for linear in (self.pooler, self.head):
            if linear is not None:
                nn.init.trunc_normal_(linear.weight, std=0.02)
                nn.init.zeros_(linear.bias)

    def forward(self, batch: Batch) -> Tensor:
        """Return logits (B, C).

        `batch` holds `ids` (B, L), `keep` (B, L), which is left out where nothing is padded (faster), and
        perhaps `segments` (B, L).
        """
        keep_BL = batch.tensors.get("keep")
        segments_BL = batch.tensors.get("segments")
        first = 1 if self.config.pooling == "first" else None
        x_BLD = self.encoder(self.embedding(batch["ids"], segments_BL), keep_BL, first=first)
        x_BD = self.pooling(x_BLD, keep_BL)
        if self.pooler is not None:
            x_BD = torch.tanh(self.pooler(x_BD))
        logits_BC: Tensor = self.head(self.dropout(x_BD))
        return logits_BC
