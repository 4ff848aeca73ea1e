"""The weights of timm's vision Transformers (ViT, DeiT) in a `ViT`, and back out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from torch import Tensor

from ..core.errors import ArtifactError, ConfigError
from ..core.nn import TransformerConfig, convert, export, read_weights
from .model import ViT, ViTConfig


def _both(ours: str, theirs: str) -> dict[str, tuple[str, ...]]:
    """The weight and the bias of one layer."""
    return {f"{ours}.{part}": (f"{theirs}.{part}",) for part in ("weight", "bias")}


TIMM = {
    "class_token": ("cls_token",),
    "positions.table.weight": ("pos_embed",),
    **_both("patches.projection", "patch_embed.proj"),
    **_both("encoder.layers.*.attention_residual.norm", "blocks.*.norm1"),
    **_both("encoder.layers.*.attention.qkv", "blocks.*.attn.qkv"),
    **_both("encoder.layers.*.attention.out", "blocks.*.attn.proj"),
    **_both("encoder.layers.*.feedforward_residual.norm", "blocks.*.norm2"),
    **_both("encoder.layers.*.feedforward.up", "blocks.*.mlp.fc1"),
    **_both("encoder.layers.*.feedforward.down", "blocks.*.mlp.fc2"),
    **_both("encoder.norm", "norm"),
    **_both("norm", "fc_norm"),
    **_both("head", "head"),
}
"""Our names of a vision Transformer's weights, and timm's."""


def load_vit(
    source: str | Path | Mapping[str, Tensor], config: ViTConfig | None = None, num_classes: int | None = None
) -> ViT:
    """Return a `ViT` with timm's weights.

    `source` is a safetensors file or a state dict; `config` is read off the shapes where it is None. The head
    comes along where the weights hold one of `num_classes` (None: any number) classes; else it is drawn
    afresh. Raises ArtifactError where the weights are of another architecture.
    """
    name = "weights" if isinstance(source, Mapping) else str(source)
    state = dict(source) if isinstance(source, Mapping) else read_weights(source)
    head = state.get("head.weight")
    if num_classes is not None and head is not None and len(head) != num_classes:
        head = None
        state = {key: value for key, value in state.items() if not key.startswith("head.")}
    if num_classes is None and head is None:
        raise ConfigError(f"{name}: these weights hold no head; give num_classes")
    count = num_classes if head is None else len(head)
    model = ViT(config or vit_config(state, name=name), num_classes=count or 0)
    fresh = ("head.weight", "head.bias") if head is None else ()
    model.load_state_dict(convert(state, TIMM, model.state_dict(), source=name, fresh=fresh))
    return model


def timm_state(model: ViT) -> dict[str, Tensor]:
    """Return the weights under the names and shapes of timm's VisionTransformer."""
    width = model.config.encoder.width
    return export(model.state_dict(), TIMM, {"cls_token": (1, 1, width), "pos_embed": (1, -1, width)})


def vit_config(
    state: Mapping[str, Tensor],
    num_heads: int = 0,
    pooling: Literal["first", "mean"] | None = None,
    name: str = "weights",
) -> ViTConfig:
    """Return the settings that the shapes of timm's weights tell.

    They do not tell the number of heads (0: of width 64 each, as in every ViT and DeiT up to "large") nor,
    always, the pooling (None: the class token, unless the weights hold `fc_norm`). Dropout is 0.
    """
    try:
        width, channels, patch_size, _ = state["patch_embed.proj.weight"].shape
        length, hidden = state["pos_embed"].shape[1], state["blocks.0.mlp.fc1.weight"].shape[0]
    except (KeyError, ValueError):
        raise ArtifactError(f"{name}: not a timm vision Transformer; give the weights of a ViT or DeiT") from None
    blocks = {found[1] for key in state if (found := re.match(r"blocks\.(\d+)\.", key))}
    class_token, pooled_norm = "cls_token" in state, "fc_norm.weight" in state
    encoder = TransformerConfig(
        width=width,
        num_layers=len(blocks),
        num_heads=num_heads or max(1, width // 64),
        hidden=hidden,
        dropout=0.0,
        norm_eps=1e-6,
        final_norm=not pooled_norm,
    )
    return ViTConfig(
        encoder=encoder,
        image_size=round((length - class_token) ** 0.5) * patch_size,
        patch_size=patch_size,
        channels=channels,
        pooling=pooling or ("first" if class_token and not pooled_norm else "mean"),
        class_token=class_token,
        pooled_norm=pooled_norm,
    )
