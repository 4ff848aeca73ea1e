"""What a model starts from: a Hugging Face folder, a name on the hub, or a run of ours."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from tokenizers import Tokenizer

from ..core import artifact
from ..core.config import from_dict
from ..core.errors import ArtifactError
from .config import TextConfig
from .domain import DOMAIN
from .pretrained import Pretrained, find_folder, read_pretrained

PRETRAINED = "pretrained"
"""The kind of an artefact of ours that has learned words alone."""


def read_start(source: str) -> Pretrained:
    """Read pretrained weights; ArtifactError says what is wrong with the folder."""
    folder = find_folder(source)
    return _read_ours(folder) if _is_ours(folder) else read_pretrained(folder)


def adopt(config: TextConfig, start: Pretrained) -> TextConfig:
    """Return `config` with the shape of a pretrained model; what only acts in training, as dropout, stays its own.

    A folder with a classifier keeps its way of pooling; else `config` chooses: with `pooling` "first" the pooler of the
    pretrained model comes along, as Hugging Face has it, with the mean none is needed.
    """
    wished, theirs = config.model, start.config
    encoder = replace(
        theirs.encoder,
        dropout=wished.encoder.dropout,
        attention_dropout=wished.encoder.attention_dropout,
        drop_path=wished.encoder.drop_path,
        checkpoint=wished.encoder.checkpoint,
    )
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


def _is_ours(folder: Path) -> bool:
    try:
        found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("format") == artifact.FORMAT


def _read_ours(folder: Path) -> Pretrained:
    manifest = artifact.read_manifest(folder)
    if manifest.domain != DOMAIN.name:
        raise ArtifactError(f"{folder}: a model of the domain {manifest.domain}, not {DOMAIN.name}")
    if manifest.kind == "linear":
        raise ArtifactError(f"{folder}: a linear model has no weights to start from; give a Transformer's folder")
    config = from_dict(TextConfig, manifest.config)
    weights = artifact.load_weights(folder)
    head = {name: weight for name, weight in weights.items() if name.startswith("head.")}
    words = manifest.kind == PRETRAINED
    return Pretrained(
        kind="fourfold",
        config=config.model,
        vocab_size=len(weights["embedding.words.weight"]),
        weights={name: weight for name, weight in weights.items() if name not in head},
        classifier=None if words else head,
        masked_head=head if words else None,
        tokenizer=Tokenizer.from_file(str(folder / "tokenizer.json")),
        name=str(folder),
    )
