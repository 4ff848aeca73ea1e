"""The image classifiers: tokens, the core encoder, a head."""

from .base import ImageModel
from .config import ViTConfig
from .positions import grid_positions, resized_positions
from .tokens import ConvolutionalTokens, PatchEmbedding
from .vit import ViT

__all__ = [
    "ConvolutionalTokens",
    "ImageModel",
    "PatchEmbedding",
    "ViT",
    "ViTConfig",
    "grid_positions",
    "resized_positions",
]
