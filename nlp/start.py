"""What a model starts from: a Hugging Face folder, a name on the hub, or a run of ours."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import torch

from ..core import artifact
from ..core.config import from_dict
from ..core.errors import BadTokenizer, SettingsConflict, WrongStart
from ..core.hub import find_folder
from ..core.nn import TransformerConfig
from .config import PRESETS, TextConfig
from .data import TextFeatures
from .domain import DOMAIN
from .model import MaskedLanguageModel, TextModel
from .pretrained import Pretrained, read_pretrained

PRETRAINED = "pretrained"
"""The kind of an artefact of ours that has learned words alone."""


def read_start(source: str) -> Pretrained:
    """Read pretrained weights; ArtifactError says what is wrong with the folder."""
    folder = find_folder(source)
    found = _read_ours(folder) if _is_ours(folder) else read_pretrained(folder)
    if found.tokenizer is None:
        raise BadTokenizer(f"{folder}: no tokenizer; put its tokenizer.json or vocab.txt beside config.json")
    return found


def adopt(config: TextConfig, start: Pretrained) -> TextConfig:
    """Return `config` with the shape of a pretrained model; what only acts in training, as dropout, stays its own.

    A folder with a classifier keeps its way of pooling; else `config` chooses: with `pooling` "first" the pooler of the
    pretrained model comes along, as Hugging Face has it, with the mean none is needed.
    """
    wished, theirs = config.model, start.config
    _refuse_shape(wished.encoder, theirs.encoder, start.name)
    encoder = wished.encoder.with_shape_of(theirs.encoder)
    whole = start.classifier is not None
    model = replace(
        theirs,
        encoder=encoder,
        vocab_size=start.vocab_size,
        dropout=wished.dropout,
        pooling=theirs.pooling if whole else wished.pooling,
        pooler=theirs.pooler if whole or wished.pooling == "first" else "none",
    )
    longest = min(config.features.max_length, theirs.max_length)
    return replace(config, model=model, features=replace(config.features, max_length=longest))


def build(config: TextConfig, features: TextFeatures) -> TextModel:
    """Build the Transformer for this vocabulary and these labels."""
    return TextModel(config.model, words_of(config, features), len(features.classes))


def words_of(config: TextConfig, features: TextFeatures) -> int:
    """Return how many words a model has: those of its settings, else of the tokenizer; ConfigError for too few."""
    words = config.model.vocab_size or features.vocab_size
    if words < features.vocab_size:
        raise SettingsConflict(f"model.vocab_size ({words}) must be {features.vocab_size} or above, the tokenizer's")
    return words


def _refuse_shape(wished: TransformerConfig, theirs: TransformerConfig, name: str) -> None:
    """Say where a shape was asked for that is neither a preset's nor that of the pretrained model."""
    asked, there = (wished.num_layers, wished.width), (theirs.num_layers, theirs.width)
    known = [preset().model.encoder for preset in PRESETS.values()]
    if asked != there and asked not in [(one.num_layers, one.width) for one in known]:
        raise WrongStart(
            f"init '{name}': its shape is fixed, {there[0]} layers of width {there[1]}, not {asked[0]} of {asked[1]}; "
            "leave model.encoder out"
        )


def _is_ours(folder: Path) -> bool:
    try:
        found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("format") == artifact.FORMAT


def _read_ours(folder: Path) -> Pretrained:
    manifest = artifact.read_start(folder, DOMAIN.name)
    words = manifest.kind == PRETRAINED
    with artifact.told(folder):
        config = from_dict(TextConfig, manifest.config)
        features = TextFeatures.load(folder, config.features)
        with torch.device("meta"):
            model = MaskedLanguageModel(config.model, words_of(config, features)) if words else build(config, features)
        weights = artifact.load_weights(folder, model)
    head = {name: weight for name, weight in weights.items() if name.startswith("head.")}
    return Pretrained(
        kind="fourfold",
        config=config.model,
        vocab_size=len(weights["embedding.words.weight"]),
        weights={name: weight for name, weight in weights.items() if name not in head},
        classifier=None if words else head,
        masked_head=head if words else None,
        tokenizer=features.tokenizer,
        name=str(folder),
    )
