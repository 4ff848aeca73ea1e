"""The Transformer that every domain shares: encoder, decoder, and the layers that they are made of."""

from .attention import MultiHeadAttention, record_attention
from .cache import DecoderCache, EncoderCache, KeyValue, LayerCache
from .config import TransformerConfig
from .convert import convert, export, read_weights
from .convolution import Convolution
from .dropout import Dropout, dropout
from .feedforward import FeedForward
from .layers import DecoderLayer, DropPath, EncoderLayer, Sight
from .masks import causal_mask, chunk_mask, padding_mask, self_mask
from .norm import make_norm
from .packing import Packed, pack, pack_rows
from .pooling import Pooling, PoolingKind
from .positions import LearnedPositions, Rotary, SinusoidalPositions, sinusoids
from .transformer import Decoder, Encoder

__all__ = [
    "Convolution",
    "Decoder",
    "DecoderCache",
    "DecoderLayer",
    "DropPath",
    "Dropout",
    "Encoder",
    "EncoderCache",
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
    "Sight",
    "SinusoidalPositions",
    "TransformerConfig",
    "causal_mask",
    "chunk_mask",
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
