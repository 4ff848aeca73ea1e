"""From a ViT of ours to a folder that timm or Hugging Face's transformers load."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from safetensors.torch import save_file
from torch import Tensor

from ...core.errors import UnknownName, WrongModel, did_you_mean
from ...core.files import write_text
from ...core.nn import export
from ..data import Moments
from ..model import ViT, ViTConfig
from .names import HUGGING, TIMM, Table

Kind = Literal["timm", "vit", "deit"]
KINDS: tuple[Kind, ...] = ("timm", "vit", "deit")


def save_pretrained(
    model: ViT, folder: str | Path, *, kind: Kind, moments: Moments, labels: Sequence[str] | None = None
) -> None:
    """Write a folder for `timm.create_model("local-dir:FOLDER")`, or for transformers' AutoModelForImageClassification.

    `moments` are the mean and deviation of the pixels in [0, 1]. Raises ArtifactError where the model is of a shape
    that they do not have.
    """
    if kind not in KINDS:
        raise UnknownName(f"unknown kind '{kind}'{did_you_mean(kind, KINDS)}")
    _refuse(model.config, kind)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    names = list(labels) if labels is not None else [f"LABEL_{k}" for k in range(model.head.out_features)]
    if kind == "timm":
        weights, values = timm_state(model), _timm_values(model, moments, names)
    else:
        weights, values = _state(model, HUGGING[kind]), _hugging_values(model.config, kind, names)
        write_text(folder / "preprocessor_config.json", json.dumps(_preprocessing(model.config, moments), indent=1))
    save_file(
        {name: tensor.cpu().contiguous() for name, tensor in weights.items()},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )
    write_text(folder / "config.json", json.dumps(values, indent=1, ensure_ascii=False) + "\n")


def timm_state(model: ViT) -> dict[str, Tensor]:
    """Return the weights under the names and shapes of timm's VisionTransformer."""
    return _state(model, TIMM)


def _state(model: ViT, table: Table) -> dict[str, Tensor]:
    width = model.config.encoder.width
    shapes = {
        "class_token": (1, 1, width),
        "distillation_token": (1, 1, width),
        "positions.table.weight": (1, -1, width),
    }
    return export(model.state_dict(), table, {table[name][0]: shape for name, shape in shapes.items()})


def _refuse(config: ViTConfig, kind: Kind) -> None:
    """Say what no model of this kind has."""
    encoder, theirs = config.encoder, "timm's VisionTransformer" if kind == "timm" else f"Hugging Face's {kind}"
    odd = {
        "convolutions": config.convolutions != 0,
        "positions='sinusoidal'": config.positions == "sinusoidal",
        "pooling='attention'": config.pooling == "attention",
        "encoder.norm": encoder.norm != "layer",
        "encoder.rotary": encoder.rotary,
        "encoder.activation": encoder.activation != "gelu",
        "encoder.pre_norm=False": not encoder.pre_norm,
        "encoder.bias=False": not encoder.bias,
        "encoder.norm_eps": kind == "timm" and encoder.norm_eps != 1e-6,
    }
    if kind != "timm":
        odd |= {"pooled_norm": config.pooled_norm, "pooling": config.pooling != "first"}
        odd |= {"distilled": config.distilled != (kind == "deit")}
    if found := [name for name, there in odd.items() if there]:
        raise WrongModel(f"save_pretrained: {theirs} differs in {found[0]}; begin with one of theirs, or use save")


def _timm_values(model: ViT, moments: Moments, names: list[str]) -> dict[str, Any]:
    config = model.config
    pooling = "token" if config.pooling == "first" else "avg"
    base = "deit_base_distilled_patch16_224" if config.distilled else "vit_base_patch16_224"
    return {
        "architecture": base,
        "num_classes": len(names),
        "num_features": config.encoder.width,
        "global_pool": pooling,
        "model_args": {
            "img_size": config.image_size,
            "patch_size": config.patch_size,
            "in_chans": config.channels,
            "embed_dim": config.encoder.width,
            "depth": config.encoder.num_layers,
            "num_heads": config.encoder.num_heads,
            "mlp_ratio": config.encoder.hidden_width / config.encoder.width,
            "class_token": config.class_token,
            "global_pool": pooling,
            "fc_norm": config.pooled_norm,
        },
        "pretrained_cfg": {
            "input_size": [config.channels, config.image_size, config.image_size],
            "fixed_input_size": True,
            "interpolation": "bicubic",
            "crop_pct": 1.0,
            "mean": list(moments[0]),
            "std": list(moments[1]),
            "num_classes": len(names),
            "label_names": names,
            "first_conv": "patch_embed.proj",
            "classifier": ["head", "head_dist"] if config.distilled else "head",
        },
    }


def _hugging_values(config: ViTConfig, kind: Kind, names: list[str]) -> dict[str, Any]:
    classes = {"vit": "ViTForImageClassification", "deit": "DeiTForImageClassificationWithTeacher"}
    encoder = config.encoder
    return {
        "architectures": [classes[kind]],
        "model_type": kind,
        "hidden_size": encoder.width,
        "num_hidden_layers": encoder.num_layers,
        "num_attention_heads": encoder.num_heads,
        "intermediate_size": encoder.hidden_width,
        "hidden_act": "gelu",
        "layer_norm_eps": encoder.norm_eps,
        "image_size": config.image_size,
        "patch_size": config.patch_size,
        "num_channels": config.channels,
        "id2label": {str(number): name for number, name in enumerate(names)},
        "label2id": {name: number for number, name in enumerate(names)},
    }


def _preprocessing(config: ViTConfig, moments: Moments) -> dict[str, Any]:
    return {
        "image_processor_type": "ViTImageProcessor",
        "do_normalize": True,
        "do_rescale": True,
        "do_resize": True,
        "image_mean": list(moments[0]),
        "image_std": list(moments[1]),
        "resample": 3,
        "rescale_factor": 1 / 255,
        "size": {"height": config.image_size, "width": config.image_size},
    }
