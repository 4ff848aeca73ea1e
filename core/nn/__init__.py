"""The Transformer that every domain shares: encoder, decoder, and the layers that they are made of."""

from .attention import MultiHeadAttention, record_attention
from .cache import DecoderCache, KeyValue, LayerCache
from .config import TransformerConfig
from .convert import convert, export, read_weights
from .dropout import Dropout, dropout
from .feedforward import FeedForward
from .layers import DecoderLayer, DropPath, EncoderLayer, make_norm
from .masks import causal_mask, padding_mask, self_mask
from .packing import Packed, pack, pack_rows
from .pooling import Pooling, PoolingKind
from .positions import LearnedPositions, Rotary, SinusoidalPositions, sinusoids
from .transformer import Decoder, Encoder

__all__ = [
    "Decoder",
    "DecoderCache",
    "DecoderLayer",
    "DropPath",
    "Dropout",
    "Encoder",
    "EncoderLayer",
    "FeedForward",
    "KeyValue",
    "LayerCache",
    "LearnedPositions",
    "MultiHeadAttention",
    "Packed",
    "Pooling",
    "PoolingKind",
    "Rotary",
    "SinusoidalPositions",
    "TransformerConfig",
    "causal_mask",
    "convert",
    "dropout",
    "export",
    "make_norm",
    "pack",
    "pack_rows",
    "padding_mask",
    "read_weights",
    "record_attention",
    "self_mask",
    "sinusoids",
]
