"""Whisper's weights under Hugging Face's names, as ours, and back."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ...core.device import without_memory
from ...core.errors import UnsupportedModel
from ...core.nn import convert, export
from ...core.nn.convert import Table
from .config import WhisperConfig
from .model import WhisperModel

Weights = dict[str, Tensor]

_HEAD, _TOKENS = "proj_out.weight", "model.decoder.embed_tokens.weight"
_BARE = ("encoder.", "decoder.")
"""What begins the names of a WhisperModel that was saved without the head's class."""


def _both(ours: str, *theirs: str) -> dict[str, tuple[str, ...]]:
    return {f"{ours}.{part}": tuple(f"{name}.{part}" for name in theirs) for part in ("weight", "bias")}


def _side(side: str) -> dict[str, tuple[str, ...]]:
    """Return the names of what the layers of both sides have."""
    ours, theirs = f"{side}.layers.*", f"model.{side}.layers.*"
    return {
        **_both(f"{ours}.attention.qkv", *(f"{theirs}.self_attn.{name}_proj" for name in "qkv")),
        **_both(f"{ours}.attention.out", f"{theirs}.self_attn.out_proj"),
        **_both(f"{ours}.attention_residual.norm", f"{theirs}.self_attn_layer_norm"),
        **_both(f"{ours}.feedforward.up", f"{theirs}.fc1"),
        **_both(f"{ours}.feedforward.down", f"{theirs}.fc2"),
        **_both(f"{ours}.feedforward_residual.norm", f"{theirs}.final_layer_norm"),
        **_both(f"{side}.norm", f"model.{side}.layer_norm"),
    }


_OURS, _THEIRS = "decoder.layers.*", "model.decoder.layers.*"

TABLE: Table = {
    **_both("subsampling.first", "model.encoder.conv1"),
    **_both("subsampling.second", "model.encoder.conv2"),
    "encoder_positions.table.weight": ("model.encoder.embed_positions.weight",),
    **_side("encoder"),
    "tokens.weight": (_TOKENS,),
    "decoder_positions.table.weight": ("model.decoder.embed_positions.weight",),
    **_side("decoder"),
    **_both(f"{_OURS}.cross.query", f"{_THEIRS}.encoder_attn.q_proj"),
    **_both(f"{_OURS}.cross.key_value", *(f"{_THEIRS}.encoder_attn.{name}_proj" for name in "kv")),
    **_both(f"{_OURS}.cross.out", f"{_THEIRS}.encoder_attn.out_proj"),
    **_both(f"{_OURS}.cross_residual.norm", f"{_THEIRS}.encoder_attn_layer_norm"),
}
"""From our names to theirs; the convolutions, which are counted otherwise there, by `_ORDINALS`."""

_ORDINALS = {"convolutions.0": "first", "convolutions.1": "second"}


def split_state(state: Mapping[str, Tensor], config: WhisperConfig, name: str) -> Weights:
    """Return the weights of a folder under our names, shapes and types; ArtifactError begins with `name`.

    A head beside the table of the tokens must be the same; keys, which have no bias there, get one of zeros.
    """
    left = {f"model.{key}" if key.startswith(_BARE) else key: value for key, value in state.items()}
    head = left.pop(_HEAD, None)
    if head is not None and _TOKENS in left and not torch.equal(head, left[_TOKENS]):
        raise UnsupportedModel(
            f"{name}: '{_HEAD}' is not the table of the tokens; give a model with tie_word_embeddings"
        )
    with without_memory():
        target = WhisperModel(config).state_dict()
    for key in _key_biases(config):
        left.setdefault(key, torch.zeros(config.encoder.width))
    found = convert(left, TABLE, {_ordinal(ours): tensor for ours, tensor in target.items()}, source=name)
    return {ours: found[_ordinal(ours)] for ours in target}


def join_state(model: WhisperModel) -> Weights:
    """Return the weights of a model under Hugging Face's names, without the keys' bias, which changes nothing."""
    out = export({_ordinal(ours): tensor for ours, tensor in model.state_dict().items()}, TABLE)
    absent = set(_key_biases(model.config))
    return {name: tensor for name, tensor in out.items() if name not in absent}


def _key_biases(config: WhisperConfig) -> list[str]:
    """Return the names that the keys' biases would have."""
    return [
        *(f"model.encoder.layers.{layer}.self_attn.k_proj.bias" for layer in range(config.encoder.num_layers)),
        *(
            f"model.decoder.layers.{layer}.{kind}.k_proj.bias"
            for layer in range(config.decoder.num_layers)
            for kind in ("self_attn", "encoder_attn")
        ),
    ]


def _ordinal(ours: str) -> str:
    for number, word in _ORDINALS.items():
        ours = ours.replace(number, word)
    return ours
