"""BERT's weights, as Hugging Face stores them, in a `TextModel`, and back out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from ..core.errors import ArtifactError, ConfigError
from ..core.nn import TransformerConfig, convert, export, read_weights
from .model import TextModel, TextModelConfig

_OURS, _THEIRS = "encoder.layers.*", "bert.encoder.layer.*"


def _both(ours: str, *theirs: str) -> dict[str, tuple[str, ...]]:
    """The weight and the bias of one layer."""
    return {f"{ours}.{part}": tuple(f"{name}.{part}" for name in theirs) for part in ("weight", "bias")}


BERT = {
    "embedding.words.weight": ("bert.embeddings.word_embeddings.weight",),
    "embedding.positions.table.weight": ("bert.embeddings.position_embeddings.weight",),
    "embedding.segments.weight": ("bert.embeddings.token_type_embeddings.weight",),
    **_both("embedding.norm", "bert.embeddings.LayerNorm"),
    **_both(f"{_OURS}.attention.qkv", *(f"{_THEIRS}.attention.self.{x}" for x in ("query", "key", "value"))),
    **_both(f"{_OURS}.attention.out", f"{_THEIRS}.attention.output.dense"),
    **_both(f"{_OURS}.attention_residual.norm", f"{_THEIRS}.attention.output.LayerNorm"),
    **_both(f"{_OURS}.feedforward.up", f"{_THEIRS}.intermediate.dense"),
    **_both(f"{_OURS}.feedforward.down", f"{_THEIRS}.output.dense"),
    **_both(f"{_OURS}.feedforward_residual.norm", f"{_THEIRS}.output.LayerNorm"),
    **_both("pooler", "bert.pooler.dense"),
    **_both("head", "classifier"),
}
"""Our names of BERT's weights, and Hugging Face's."""

_REQUIRED = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "max_position_embeddings",
)


def load_bert(
    source: str | Path | Mapping[str, Tensor],
    config: Mapping[str, Any] | None = None,
    num_classes: int | None = None,
) -> TextModel:
    """Return a `TextModel` with BERT's weights.

    `source` is a folder with `config.json` and `model.safetensors`, or a state dict, with `config`, the
    content of its `config.json`. The classifier comes along where the weights hold one of `num_classes`
    (None: any number) classes; else it is drawn afresh. Without a pooler in the weights (masked language
    models) there is none here. Raises ArtifactError where the weights or the settings are not BERT's.
    """
    name = "weights" if isinstance(source, Mapping) else str(source)
    if isinstance(source, Mapping):
        state = dict(source)
    else:
        state, config = read_weights(Path(source, "model.safetensors")), config or _read_config(Path(source))
    if config is None:
        raise ConfigError("load_bert: give the model's settings as config, since a state dict holds none")
    state = _plain_names(state)
    head = state.get("classifier.weight")
    if num_classes is not None and head is not None and len(head) != num_classes:
        head = None
        state = {key: value for key, value in state.items() if not key.startswith("classifier.")}
    if num_classes is None and head is None:
        raise ConfigError(f"{name}: these weights hold no classifier; give num_classes")
    settings = bert_config(config, pooler="bert.pooler.dense.weight" in state, name=name)
    count = num_classes if head is None else len(head)
    model = TextModel(settings, vocab_size=int(config["vocab_size"]), num_classes=count or 0)
    fresh = ("head.weight", "head.bias") if head is None else ()
    model.load_state_dict(convert(state, BERT, model.state_dict(), source=name, fresh=fresh))
    return model


def bert_state(model: TextModel) -> dict[str, Tensor]:
    """Return the weights under the names of Hugging Face's BertForSequenceClassification."""
    return export(model.state_dict(), BERT)


def bert_config(values: Mapping[str, Any], pooler: bool = True, name: str = "config") -> TextModelConfig:
    """Return our settings for those of a Hugging Face `config.json`; ArtifactError where we have no equal."""
    if values.get("model_type", "bert") != "bert":
        raise ArtifactError(f"{name}: model_type '{values['model_type']}' is not bert; load a BERT model")
    absent = [setting for setting in _REQUIRED if setting not in values]
    if absent:
        raise ArtifactError(f"{name}: the settings lack {', '.join(absent)}; give those of a BERT model")
    activation = values.get("hidden_act", "gelu")
    if activation not in ("gelu", "relu"):
        raise ArtifactError(f"{name}: hidden_act '{activation}' is not supported; there is: gelu, relu")
    dropout = values.get("hidden_dropout_prob", 0.1)
    encoder = TransformerConfig(
        width=values["hidden_size"],
        num_layers=values["num_hidden_layers"],
        num_heads=values["num_attention_heads"],
        hidden=values["intermediate_size"],
        dropout=dropout,
        attention_dropout=values.get("attention_probs_dropout_prob", 0.1),
        activation=activation,
        pre_norm=False,
        norm_eps=values.get("layer_norm_eps", 1e-12),
    )
    return TextModelConfig(
        encoder=encoder,
        max_length=values["max_position_embeddings"],
        segments=values.get("type_vocab_size", 2),
        pooling="first",
        pooler="tanh" if pooler else "none",
        dropout=dropout,
    )


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtifactError(f"{path}: no such file; give the folder that save_pretrained wrote") from None
    except ValueError as error:
        raise ArtifactError(f"{path}: not JSON ({error}); fetch it again") from None
    return values


def _plain_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Even out what differs between exports: a missing prefix, old names of norms, heads for words."""
    plain = {}
    prefix = "" if any(name.startswith("bert.") for name in state) else "bert."
    for name, tensor in state.items():
        if name.startswith("cls.") or name.endswith(".position_ids"):
            continue
        new = name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
        plain[new if new.startswith("classifier.") else prefix + new] = tensor
    return plain
