"""`config.json` of Hugging Face's Whisper, as our settings, and back; and the names of its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from ...core.errors import ConfigError, Damaged, UnsupportedModel
from ...core.nn import TransformerConfig
from .config import WhisperConfig
from .reader import Reader
from .rules import Rules, write_rules

MODEL_TYPE = "whisper"

_SIDES: dict[Literal["encoder", "decoder"], dict[str, str]] = {
    side: {
        "num_layers": f"{side}_layers",
        "num_heads": f"{side}_attention_heads",
        "hidden": f"{side}_ffn_dim",
    }
    for side in ("encoder", "decoder")
}
_SIZES = {
    "width": "d_model",
    "mels": "num_mel_bins",
    "vocab_size": "vocab_size",
    "steps": "max_source_positions",
    "max_length": "max_target_positions",
}


def read_settings(values: Mapping[str, object], name: str = "config.json") -> WhisperConfig:
    """Return our settings; ArtifactError, beginning with `name`, where they are not those of a Whisper that we have.

    >>> from fourfold.speech.pretrained.rules import Rules
    >>> read_settings(write_settings(WhisperConfig(mels=128), Rules(start=1, end=2))).mels
    128
    """
    kind = values.get("model_type")
    if kind != MODEL_TYPE:
        what = "no model_type" if kind is None else f"model_type {kind!r} is not supported"
        raise UnsupportedModel(f"{name}: {what}; there is: {MODEL_TYPE}")
    names = [*_SIZES.values(), *(theirs for side in _SIDES.values() for theirs in side.values())]
    absent = [setting for setting in names if values.get(setting) is None]
    if absent:
        raise Damaged(f"{name}: the settings lack {', '.join(absent)}; give those of a Whisper")
    activation = values.get("activation_function", "gelu")
    if activation not in ("gelu", "relu"):
        raise UnsupportedModel(f"{name}: activation_function {activation!r} is not supported; there is: gelu, relu")
    read = Reader(values, name)
    sizes = {ours: read.whole(theirs, 1) for ours, theirs in _SIZES.items()}
    width = sizes.pop("width")
    try:
        shape = TransformerConfig(
            width=width,
            num_heads=1,
            dropout=read.number("dropout"),
            attention_dropout=read.number("attention_dropout"),
            activation="relu" if activation == "relu" else "gelu",
        )
        encoder, decoder = (_side(read, shape, names) for names in _SIDES.values())
        return WhisperConfig(
            encoder=encoder,
            decoder=decoder,
            mels=sizes["mels"],
            vocab_size=sizes["vocab_size"],
            steps=sizes["steps"],
            max_length=sizes["max_length"],
        )
    except ConfigError as error:
        raise UnsupportedModel(f"{name}: {error}") from None


def _side(read: Reader, shape: TransformerConfig, names: Mapping[str, str]) -> TransformerConfig:
    layers, heads, hidden = (read.whole(names[size], 1) for size in ("num_layers", "num_heads", "hidden"))
    return replace(shape, num_layers=layers, num_heads=heads, hidden=hidden)


def write_settings(config: WhisperConfig, rules: Rules) -> dict[str, object]:
    """Return what `config.json` says of a model; `read_settings` undoes it."""
    encoder, decoder = config.encoder, config.decoder
    values: dict[str, object] = {
        "model_type": MODEL_TYPE, "architectures": ["WhisperForConditionalGeneration"], "is_encoder_decoder": True,
        "activation_function": encoder.activation, "dropout": encoder.dropout, "scale_embedding": False,
        "attention_dropout": encoder.attention_dropout, "activation_dropout": 0.0, "tie_word_embeddings": True,
        "d_model": encoder.width, "num_hidden_layers": encoder.num_layers,
    }  # fmt: skip
    values |= {theirs: getattr(config, ours) for ours, theirs in _SIZES.items() if ours != "width"}
    for side, names in _SIDES.items():
        shape = encoder if side == "encoder" else decoder
        values |= {
            theirs: getattr(shape, "hidden_width" if ours == "hidden" else ours) for ours, theirs in names.items()
        }
    ends = ("decoder_start_token_id", "eos_token_id", "bos_token_id", "pad_token_id")
    return values | {name: value for name, value in write_rules(rules).items() if name in ends}
