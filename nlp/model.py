"""The text classifier: embeddings, the core encoder, pooling, one linear layer."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from ..core.batch import Batch
from ..core.errors import ConfigError
from ..core.nn import Encoder, LearnedPositions, Pooling, PoolingKind, TransformerConfig, make_norm

# Shapes: B batch, L length, D width, C classes.


@dataclass(frozen=True, kw_only=True)
class TextModelConfig:
    """The shape of a text classifier.

    `segments` counts the kinds of segment (BERT's token types; 0: none). `embedding_norm` normalises the
    embeddings, as BERT does. `pooler` puts a linear layer and tanh between pooling and head, as BERT does.
    `dropout` acts on the embeddings and before the head. With `encoder.rotary` there are no learned
    positions, and `max_length` only bounds what the features cut.
    """

    encoder: TransformerConfig = field(default_factory=TransformerConfig)
    max_length: int = 256
    segments: int = 2
    pooling: PoolingKind = "mean"
    embedding_norm: bool = True
    pooler: bool = False
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.max_length < 1:
            raise ConfigError(f"max_length ({self.max_length}) must be 1 or more")
        if self.segments < 0:
            raise ConfigError(f"segments ({self.segments}) must be 0 (none) or more")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout ({self.dropout}) must lie in [0, 1)")


class TextEmbedding(nn.Module):
    """Words, positions and segments, added up (Devlin et al., "BERT", 2019, figure 2)."""

    def __init__(self, config: TextModelConfig, vocab_size: int) -> None:
        super().__init__()
        width = config.encoder.width
        self.words = nn.Embedding(vocab_size, width)
        self.positions = None if config.encoder.rotary else LearnedPositions(config.max_length, width)
        self.segments = nn.Embedding(config.segments, width) if config.segments else None
        self.norm = make_norm(config.encoder) if config.embedding_norm else nn.Identity()
        self.dropout = nn.Dropout(config.dropout)
        for table in (self.words, self.segments):
            if table is not None:
                nn.init.trunc_normal_(table.weight, std=0.02)  # as BERT; the norm that follows sets the scale

    def forward(self, ids_BL: Tensor, segments_BL: Tensor | None = None) -> Tensor:
        """Return (B, L, D); segments are all 0 where not given."""
        x_BLD = self.words(ids_BL)
        if self.positions is not None:
            x_BLD = self.positions(x_BLD)
        if self.segments is not None:
            x_BLD = x_BLD + (self.segments.weight[0] if segments_BL is None else self.segments(segments_BL))
        out_BLD: Tensor = self.dropout(self.norm(x_BLD))
        return out_BLD


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
        self.dropout = nn.Dropout(config.dropout)
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
        x_BLD = self.encoder(self.embedding(batch["ids"], segments_BL), keep_BL)
        x_BD = self.pooling(x_BLD, keep_BL)
        if self.pooler is not None:
            x_BD = torch.tanh(self.pooler(x_BD))
        logits_BC: Tensor = self.head(self.dropout(x_BD))
        return logits_BC
