"""Our names of a vision Transformer's weights, and those of timm and of Hugging Face."""

from __future__ import annotations

from typing import TypeAlias

Table: TypeAlias = dict[str, tuple[str, ...]]


def _both(ours: str, *theirs: str) -> Table:
    """The weight and the bias of one layer; several of theirs are stacked into one of ours."""
    return {f"{ours}.{part}": tuple(f"{name}.{part}" for name in theirs) for part in ("weight", "bias")}


TIMM: Table = {
    "class_token": ("cls_token",),
    "distillation_token": ("dist_token",),
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
    **_both("distillation_head", "head_dist"),
}
"""timm's VisionTransformer, and its distilled DeiT."""


def _hugging(prefix: str, head: str) -> Table:
    layer, embeddings = f"{prefix}.encoder.layer.*", f"{prefix}.embeddings"
    queries, keys, values = (f"{layer}.attention.attention.{name}" for name in ("query", "key", "value"))
    return {
        "class_token": (f"{embeddings}.cls_token",),
        "distillation_token": (f"{embeddings}.distillation_token",),
        "positions.table.weight": (f"{embeddings}.position_embeddings",),
        **_both("patches.projection", f"{embeddings}.patch_embeddings.projection"),
        **_both("encoder.layers.*.attention_residual.norm", f"{layer}.layernorm_before"),
        **_both("encoder.layers.*.attention.qkv", queries, keys, values),
        **_both("encoder.layers.*.attention.out", f"{layer}.attention.output.dense"),
        **_both("encoder.layers.*.feedforward_residual.norm", f"{layer}.layernorm_after"),
        **_both("encoder.layers.*.feedforward.up", f"{layer}.intermediate.dense"),
        **_both("encoder.layers.*.feedforward.down", f"{layer}.output.dense"),
        **_both("encoder.norm", f"{prefix}.layernorm"),
        **_both("head", head),
        **_both("distillation_head", "distillation_classifier"),
    }


HUGGING: dict[str, Table] = {"vit": _hugging("vit", "classifier"), "deit": _hugging("deit", "cls_classifier")}
"""Hugging Face's ViT and DeiT, by their `model_type`, as their files have them."""
