"""The shape of a text model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from ...core.errors import BadValue, UnknownName, did_you_mean
from ...core.nn import PoolingKind, TransformerConfig

PoolerKind = Literal["none", "tanh", "relu"]


@dataclass(frozen=True, kw_only=True)
class TextModelConfig:
    """The shape of a text model.

    `vocab_size` counts the rows of the word table, 0: as many as the tokenizer has. `max_length` counts the
    places of the longest row; the table of learned positions holds `first_position` rows more, which come
    before them and belong to none (RoBERTa: 2). With `encoder.rotary` there are no learned positions, and
    `max_length` only bounds what the features cut. `segments` counts the kinds of segment (BERT's token
    types; 0: none). `embedding_norm` normalises the embeddings, as BERT does. `pooler` puts a linear layer
    and its activation between pooling and head: tanh in BERT and RoBERTa, relu in DistilBERT. `dropout` acts
    on the embeddings and before the head.

    >>> TextModelConfig(pooling="first", pooler="tanh").first_position
    0
    """

    encoder: TransformerConfig = field(default_factory=TransformerConfig)
    max_length: int = 256
    vocab_size: int = 0
    first_position: int = 0
    segments: int = 2
    pooling: PoolingKind = "mean"
    embedding_norm: bool = True
    pooler: PoolerKind = "none"
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.max_length < 1:
            raise BadValue(f"max_length ({self.max_length}) must be 1 or more")
        if self.first_position < 0:
            raise BadValue(f"first_position ({self.first_position}) must be 0 or more")
        if self.segments < 0:
            raise BadValue(f"segments ({self.segments}) must be 0 (none) or more")
        if not 0 <= self.dropout < 1:
            raise BadValue(f"dropout ({self.dropout}) must lie in [0, 1)")
        if self.pooler not in get_args(PoolerKind):
            raise UnknownName(f"unknown pooler '{self.pooler}'{did_you_mean(self.pooler, get_args(PoolerKind))}")
