"""The family of click models: parts over one fused embedding table, whose logits add up."""

from .click import ClickModel
from .config import ClickModelConfig, MLPConfig, Part, PeriodicConfig, StreamsConfig, deep_name
from .embedding import FieldEmbedding

__all__ = [
    "ClickModel",
    "ClickModelConfig",
    "FieldEmbedding",
    "MLPConfig",
    "Part",
    "PeriodicConfig",
    "StreamsConfig",
    "deep_name",
]
