"""`config.json` of Hugging Face, as our settings, and back."""

from __future__ import annotations

from collections.abc import Mapping

from ...core.errors import ConfigError, Damaged, UnsupportedModel
from ...core.nn import TransformerConfig
from ..model import TextModelConfig
from .base import Architecture, Kind
from .bert import BERT
from .distilbert import DISTILBERT
from .roberta import ROBERTA

ARCHITECTURES: dict[Kind, Architecture] = {"bert": BERT, "roberta": ROBERTA, "distilbert": DISTILBERT}

_SIZES = ("vocab_size", "width", "num_layers", "num_heads", "hidden", "positions")
_SEGMENTS, _NORM_EPS = 0, 1e-12  # DistilBERT's, which its code fixes


def find_architecture(values: Mapping[str, object], name: str) -> Architecture:
    """Return the architecture that `model_type` names; `name` begins the messages."""
    model_type = values.get("model_type")
    for kind, architecture in ARCHITECTURES.items():
        if model_type == kind:
            return architecture
    what = "no model_type" if model_type is None else f"model_type {model_type!r} is not supported"
    raise UnsupportedModel(f"{name}: {what}; there is: {', '.join(ARCHITECTURES)}")


def read_settings(
    values: Mapping[str, object], architecture: Architecture, name: str = "config.json"
) -> tuple[TextModelConfig, int]:
    """Return our settings, and the size of the vocabulary; ArtifactError where we have no equal.

    >>> sizes = {"dim": 64, "n_layers": 2, "n_heads": 2, "hidden_dim": 256, "max_position_embeddings": 128}
    >>> config, vocab_size = read_settings({"vocab_size": 99} | sizes, DISTILBERT)
    >>> config.encoder.width, config.pooler, vocab_size
    (64, 'relu', 99)
    """
    names = architecture.settings
    absent = [names[size] for size in _SIZES if values.get(names[size]) is None]
    if absent:
        raise Damaged(f"{name}: the settings lack {', '.join(absent)}; give those of a {architecture.kind} model")
    for setting, known in architecture.refused.items():
        if values.get(setting) not in known:
            raise UnsupportedModel(f"{name}: {setting} {values[setting]!r} is not supported; there is: {known[0]!r}")
    reader = _Reader(architecture, values, name)
    sizes = {size: reader.whole(names[size], 1) for size in _SIZES}
    first = reader.whole("pad_token_id", 0) + 1 if architecture.first_position else 0
    try:
        return TextModelConfig(
            encoder=_encoder(reader, sizes),
            max_length=sizes["positions"] - first,
            first_position=first,
            segments=reader.whole(names["segments"], 1) if "segments" in names else _SEGMENTS,
            pooling="first",
            pooler=architecture.pooler,
            dropout=reader.number(names["dropout"]),
        ), sizes["vocab_size"]
    except ConfigError as error:
        raise UnsupportedModel(f"{name}: {error}") from None


def write_settings(config: TextModelConfig, vocab_size: int, architecture: Architecture) -> dict[str, object]:
    """Return what `config.json` says of a model; `read_settings` undoes it."""
    encoder, pad = config.encoder, config.first_position - 1 if config.first_position else 1
    ours = {
        "vocab_size": vocab_size,
        "width": encoder.width,
        "num_layers": encoder.num_layers,
        "num_heads": encoder.num_heads,
        "hidden": encoder.hidden_width,
        "positions": config.max_length + config.first_position,
        "segments": config.segments,
        "activation": encoder.activation,
        "norm_eps": encoder.norm_eps,
        "dropout": encoder.dropout,
        "attention_dropout": encoder.attention_dropout,
        "classifier_dropout": config.dropout,
    }
    theirs: dict[str, object] = {names: ours[name] for name, names in architecture.settings.items()}
    return theirs | {"model_type": architecture.kind, "pad_token_id": pad if architecture.first_position else 0}


class _Reader:
    """Settings by their names in `config.json`, checked: the file may come from anywhere."""

    def __init__(self, architecture: Architecture, values: Mapping[str, object], name: str) -> None:
        given = {setting: value for setting, value in values.items() if value is not None}
        self.values, self.name = architecture.defaults | given, name
        self.architecture = architecture

    def whole(self, setting: str, least: int) -> int:
        value = self.values[setting]
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise Damaged(f"{self.name}: {setting} {value!r} is not a whole number of {least} or more; mend it")
        return value

    def number(self, setting: str) -> float:
        value = self.values[setting]
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise Damaged(f"{self.name}: {setting} {value!r} is not a number; mend it")
        return float(value)

    def activation(self) -> str:
        setting = self.architecture.settings["activation"]
        value, known = self.values[setting], self.architecture.activations
        if value not in known or not isinstance(value, str):
            raise UnsupportedModel(f"{self.name}: {setting} {value!r} is not supported; there is: {', '.join(known)}")
        return value


def _encoder(reader: _Reader, sizes: dict[str, int]) -> TransformerConfig:
    names = reader.architecture.settings
    return TransformerConfig(
        width=sizes["width"],
        num_layers=sizes["num_layers"],
        num_heads=sizes["num_heads"],
        hidden=sizes["hidden"],
        dropout=reader.number(names["dropout"]),
        attention_dropout=reader.number(names["attention_dropout"]),
        activation="relu" if reader.activation() == "relu" else "gelu",
        pre_norm=False,
        norm_eps=reader.number(names["norm_eps"]) if "norm_eps" in names else _NORM_EPS,
    )
