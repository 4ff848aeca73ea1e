"""Pretrained vision Transformers of timm and Hugging Face (ViT, DeiT), in and out.

pretrained = read_pretrained("timm:vit_tiny_patch16_224.augreg_in21k")
model = ViT(pretrained.config, num_classes=3)
start(model, pretrained)
…
save_pretrained(model, "pets", kind="timm", moments=pretrained.moments)
"""

from ..data import Moments
from .reading import Pretrained, hub_name, of_timm, read_pretrained, start
from .saving import Kind, save_pretrained, timm_state

__all__ = [
    "Kind",
    "Moments",
    "Pretrained",
    "hub_name",
    "of_timm",
    "read_pretrained",
    "save_pretrained",
    "start",
    "timm_state",
]
