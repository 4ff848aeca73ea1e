"""The shape of a text model."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...core.errors import ConfigError
from ...core.nn import PoolingKind, TransformerConfig


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
