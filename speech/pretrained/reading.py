"""From a Hugging Face folder of a Whisper to its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from ...core.hub import find_folder, read_json, read_state
from .config import WhisperConfig
from .rules import FILE, Rules, read_rules
from .settings import read_settings
from .tokenizer import read_tokenizer
from .weights import Weights, split_state


@dataclass(frozen=True, kw_only=True, eq=False)
class Pretrained:
    """A pretrained Whisper, as `read_pretrained` found it; the names of its weights are those of `WhisperModel`."""

    config: WhisperConfig
    weights: Weights
    rules: Rules
    tokenizer: Tokenizer
    name: str = "pretrained"


def read_pretrained(source: str | Path) -> Pretrained:
    """Read a Whisper that Hugging Face's `save_pretrained` or ours wrote: a folder, or a name on the hub.

    Only safetensors are read, in one file or in shards. Raises ArtifactError where the folder, its settings, its
    weights or its tokenizer are not those of a Whisper.
    """
    folder = find_folder(source)
    path = folder / "config.json"
    values = read_json(path)
    config = read_settings(values, str(path))
    return Pretrained(
        config=config,
        weights=split_state(read_state(folder), config, str(folder)),
        rules=_rules(folder, values, config.vocab_size),
        tokenizer=read_tokenizer(folder, config.vocab_size),
        name=str(source),
    )


def _rules(folder: Path, values: Mapping[str, object], vocab_size: int) -> Rules:
    """Read `generation_config.json`; of a folder from before there was one, what `config.json` says."""
    path = folder / FILE
    if path.is_file():
        return read_rules(read_json(path), str(path), vocab_size)
    return read_rules(values, str(folder / "config.json"), vocab_size)
