"""The image classifiers: patches, the core encoder, a head."""

from .vit import PatchEmbedding, ViT, ViTConfig, grid_positions

__all__ = ["PatchEmbedding", "ViT", "ViTConfig", "grid_positions"]
