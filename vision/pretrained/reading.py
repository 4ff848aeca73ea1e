"""From a folder of timm's, of Hugging Face's or of ours to weights under our names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from ...core.device import without_memory
from ...core.errors import UnsupportedModel, WrongWeights
from ...core.hub import find_folder, read_json, read_state
from ...core.nn import TransformerConfig, convert
from ..data import Moments
from ..model import ViT, ViTConfig, resized_positions
from ..model.backbone import PREFIX
from .names import HUGGING, TIMM, Table

Weights = dict[str, Tensor]
Pooling = Literal["first", "mean"]

_HEADS = ("head.", "distillation_head.")
_POOLINGS: dict[Any, Pooling] = {"avg": "mean", "token": "first"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Pretrained:
    """A pretrained vision Transformer: its shape, its weights under our names (heads only where it has some), and the
    mean and deviation of the pixels in [0, 1] that it was trained with."""

    config: ViTConfig
    weights: Weights
    moments: Moments
    name: str = "pretrained"


def read_pretrained(source: str | Path) -> Pretrained:
    """Read the folder of a ViT or DeiT: timm's (`timm:NAME` on the hub), Hugging Face's, or a name of theirs.

    Only safetensors are read. Raises ArtifactError where there is none, or the weights are of another architecture.
    """
    name = str(source)
    folder = find_folder(hub_name(name))
    values = read_json(folder / "config.json")
    state = read_state(folder)
    if values.get("model_type") in HUGGING:
        return _of_hugging(values, state, name, folder)
    if "architecture" in values:
        return of_timm(state, name, values)
    kinds = ", ".join(HUGGING)
    raise UnsupportedModel(f"{folder}/config.json: neither timm's (with an architecture) nor a model_type of {kinds}")


def hub_name(source: str) -> str:
    """Return the name on the hub of `timm:NAME`; what is no such stays as it is.

    >>> hub_name("timm:vit_tiny_patch16_224.augreg_in21k_ft_in1k"), hub_name("folder")
    ('timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k', 'folder')
    """
    return f"timm/{source.removeprefix(PREFIX)}" if source.startswith(PREFIX) else source


def of_timm(state: Mapping[str, Tensor], name: str = "weights", values: Mapping[str, Any] | None = None) -> Pretrained:
    """Take the weights of timm's VisionTransformer; `values` are those of its `config.json`."""
    values = values or {}
    cfg: Mapping[str, Any] = values.get("pretrained_cfg") or {}
    args: Mapping[str, Any] = values.get("model_args") or {}
    pooling = _POOLINGS.get(values.get("global_pool") or args.get("global_pool"))
    heads = args.get("num_heads") or _heads_of(values.get("architecture"))
    config = vit_config(state, int(heads or 0), pooling, name)
    mean, std = (tuple(map(float, cfg.get(part) or (0.5,) * config.channels)) for part in ("mean", "std"))
    weights = _under_our_names(config, state, TIMM, name)
    return Pretrained(config=config, weights=weights, moments=(mean, std), name=name)


def _heads_of(architecture: Any) -> int:
    """Return the number of heads of a model of timm, which its weights do not tell; 0 where timm does not know it."""
    import timm

    if not timm.is_model(str(architecture)):
        return 0
    with without_memory():
        model: Any = timm.create_model(str(architecture))
    return int(model.blocks[0].attn.num_heads) if hasattr(model, "blocks") and hasattr(model.blocks[0], "attn") else 0


def _of_hugging(values: Mapping[str, Any], state: Mapping[str, Tensor], name: str, folder: Path) -> Pretrained:
    kind = str(values["model_type"])
    if not any(key.startswith(f"{kind}.") for key in state):  # a model without a head
        state = {f"{kind}.{key}": value for key, value in state.items() if not key.startswith("pooler.")}
    state = {key: value for key, value in state.items() if not key.startswith(f"{kind}.pooler.")}
    if kind == "deit" and "classifier.weight" in state:  # which reads one token alone
        state = {key: value for key, value in state.items() if not key.startswith("classifier.")}
    if values.get("hidden_act", "gelu") != "gelu":
        raise UnsupportedModel(f"{name}: hidden_act '{values['hidden_act']}' is not supported; there is: gelu")
    encoder = TransformerConfig(
        width=int(values["hidden_size"]),
        num_layers=int(values["num_hidden_layers"]),
        num_heads=int(values["num_attention_heads"]),
        hidden=int(values["intermediate_size"]),
        dropout=0.0,
        norm_eps=float(values.get("layer_norm_eps", 1e-12)),
    )
    config = ViTConfig(
        encoder=encoder,
        image_size=int(values["image_size"]),
        patch_size=int(values["patch_size"]),
        channels=int(values.get("num_channels", 3)),
        pooling="first",
        class_token=True,
        distilled=kind == "deit",
    )
    processor = folder / "preprocessor_config.json"
    cfg: Mapping[str, Any] = read_json(processor) if processor.is_file() else {}
    mean, std = (tuple(map(float, cfg.get(part) or (0.5,) * config.channels)) for part in ("image_mean", "image_std"))
    weights = _under_our_names(config, state, HUGGING[kind], name)
    return Pretrained(config=config, weights=weights, moments=(mean, std), name=name)


def _under_our_names(config: ViTConfig, state: Mapping[str, Tensor], table: Table, name: str) -> Weights:
    """Return the weights by our names; heads that they lack are left out."""
    heads = [table[f"{part}weight"][0] for part in _HEADS]
    classes = next((len(state[head]) for head in heads if head in state), 0)
    with without_memory():
        target = ViT(config, max(1, classes)).state_dict()
    lacking = {key for key in target if key.startswith(_HEADS) and table[key][0] not in state}
    found = convert(state, table, target, source=name, fresh=tuple(lacking))
    return {key: value for key, value in found.items() if key not in lacking}


def start(model: ViT, pretrained: Pretrained) -> None:
    """Copy pretrained weights into a model; its positions are resampled to the model's size, and heads of another
    number of classes stay as they were drawn."""
    weights = dict(pretrained.weights)
    table, config = "positions.table.weight", model.config
    weights[table] = resized_positions(weights[table], config.extra_tokens, config.side)
    own = model.state_dict()
    for key, value in own.items():
        fits = key in weights and weights[key].shape == value.shape
        if fits:
            with torch.no_grad():
                value.copy_(weights[key])
        elif not key.startswith(_HEADS):
            theirs = f"has the shape {tuple(weights[key].shape)}" if key in weights else "is missing"
            what = f"{theirs}, where the model's has the shape {tuple(value.shape)}"
            raise WrongWeights(f"{pretrained.name}: weight '{key}' {what}; give a model of its settings")


def vit_config(
    state: Mapping[str, Tensor],
    num_heads: int = 0,
    pooling: Pooling | None = None,
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
        raise UnsupportedModel(f"{name}: not a timm vision Transformer; give the weights of a ViT or DeiT") from None
    blocks = {found[1] for key in state if (found := re.match(r"blocks\.(\d+)\.", key))}
    class_token, pooled_norm, distilled = "cls_token" in state, "fc_norm.weight" in state, "dist_token" in state
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
        image_size=round((length - class_token - distilled) ** 0.5) * patch_size,
        patch_size=patch_size,
        channels=channels,
        pooling=pooling or ("first" if class_token and not pooled_norm else "mean"),
        class_token=class_token,
        distilled=distilled,
        pooled_norm=pooled_norm,
    )
