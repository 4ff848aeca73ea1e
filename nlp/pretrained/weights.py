"""Weights under Hugging Face's names, as ours, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ...core.device import without_memory
from ...core.errors import UnsupportedModel
from ...core.nn import convert, export
from ..model import MaskedLanguageModel, TextModel, TextModelConfig
from ..model.masked import MaskedHead
from .base import Architecture, Head

Weights = dict[str, Tensor]

_BARE = ("embeddings.", "encoder.", "transformer.", "pooler.")
"""What begins the names of a model that was saved without a head, hence without a prefix."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """The weights of a folder under our names; a head that is not there is None."""

    encoder: Weights
    classifier: Weights | None
    masked: Weights | None


def split_state(
    state: Mapping[str, Tensor], architecture: Architecture, config: TextModelConfig, vocab_size: int, name: str
) -> Parts:
    """Return the weights of a folder under our names, shapes and types; ArtifactError begins with `name`."""
    left = _even_out(state, architecture)
    _refuse_untied(left, architecture, name)
    left = {theirs: tensor for theirs, tensor in left.items() if theirs != architecture.tied}
    found = {head: _take(left, architecture, head) for head in architecture.heads}
    num_classes = next((len(tensor) for tensor in found["classifier"].values() if tensor.ndim), 1)
    with without_memory():
        target = TextModel(config, vocab_size, num_classes).state_dict()
        masked = {
            f"head.{ours}": tensor for ours, tensor in MaskedHead(config.encoder, vocab_size).state_dict().items()
        }
    classifier = {ours: target.pop(ours) for ours in architecture.heads["classifier"]}
    poolers = [ours for ours in target if ours.startswith("pooler.")]
    if not found["classifier"] and not any(architecture.encoder[ours][0] in left for ours in poolers):
        target = {ours: tensor for ours, tensor in target.items() if ours not in poolers}
    targets: dict[Head, Weights] = {"classifier": classifier, "masked": masked}
    heads = {
        head: convert(found[head], architecture.heads[head], targets[head], source=name) if found[head] else None
        for head in found
    }
    encoder = convert(left, architecture.encoder, target, source=name)
    return Parts(encoder=encoder, classifier=heads["classifier"], masked=heads["masked"])


def join_state(model: TextModel | MaskedLanguageModel, architecture: Architecture) -> Weights:
    """Return the weights of a model under Hugging Face's names; `split_state` undoes it."""
    head: Head = "masked" if isinstance(model, MaskedLanguageModel) else "classifier"
    return export(model.state_dict(), {**architecture.encoder, **architecture.heads[head]})


def _even_out(state: Mapping[str, Tensor], architecture: Architecture) -> Weights:
    """Even out what differs between exports: a missing prefix, old names of norms, what no model of ours has."""
    plain: Weights = {}
    for name, tensor in state.items():
        new = f"{architecture.prefix}{name}" if name.startswith(_BARE) else name
        new = re.sub(r"LayerNorm\.gamma$", "LayerNorm.weight", re.sub(r"LayerNorm\.beta$", "LayerNorm.bias", new))
        if not new.startswith(architecture.ignored):
            plain[new] = tensor
    return plain


def _refuse_untied(state: Mapping[str, Tensor], architecture: Architecture, name: str) -> None:
    """A copy of the word table says nothing new; another table is another kind of model."""
    words = state.get(architecture.encoder["embedding.words.weight"][0])
    out = state.get(architecture.tied)
    if words is not None and out is not None and not torch.equal(words, out):
        raise UnsupportedModel(
            f"{name}: '{architecture.tied}' is not the table of the words; give a model with tie_word_embeddings"
        )


def _take(state: Weights, architecture: Architecture, head: Head) -> Weights:
    """Move the weights of one head out of `state`."""
    names = [theirs for (theirs,) in architecture.heads[head].values()]
    return {name: state.pop(name) for name in names if name in state}
