"""What a recogniser starts from, or is: a Whisper of the hub, of a Hugging Face folder, or of a run of ours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

import torch

from ..core import artifact
from ..core.config import from_dict, override
from ..core.errors import UnknownSetting, WrongModel
from ..core.hub import find_folder, read_json
from .baselines import SpeechBaseline
from .config import SpeechConfig, finetune
from .domain import DOMAIN
from .pretrained import Pretrained, WhisperFeatures, WhisperModel, read_pretrained

SCHEME = "whisper"
OPTIONS = ("language", "task", "timestamps", "padding")


def read_start(source: str) -> Pretrained:
    """Read a Whisper to start from, `whisper:NAME` or `NAME` alone; ArtifactError says what is wrong with it."""
    name, options = parted(source.removeprefix(f"{SCHEME}:"))
    folder = find_folder(name)
    ours = (folder / "config.json").is_file() and read_json(folder / "config.json").get("format") == artifact.FORMAT
    found = _ours(folder) if ours else read_pretrained(folder)
    return replace(found, config=override(found.config, options, SCHEME), name=name)


def parted(name: str) -> tuple[str, dict[str, str]]:
    """Return a name without its options, and these, which are settings of `whisper`.

    >>> parted("openai/whisper-small?language=de&task=translate")
    ('openai/whisper-small', {'language': 'de', 'task': 'translate'})
    """
    name, _, options = name.partition("?")
    found = dict(parse_qsl(options, keep_blank_values=True))
    unknown = sorted(found.keys() - set(OPTIONS))
    if unknown:
        raise UnknownSetting(f"{name}: no option '{unknown[0]}'; there is: {', '.join(OPTIONS)}")
    return name, found


def adopt(config: SpeechConfig, start: Pretrained) -> SpeechConfig:
    """Return `config` with the shape of a Whisper; what only acts in training, as dropout, stays its own."""
    wished, theirs = config.whisper or start.config, start.config
    encoder = config.model.encoder.with_shape_of(theirs.encoder)
    decoder = config.model.decoder.with_shape_of(theirs.decoder)
    told = {name: getattr(wished, name) for name in OPTIONS}
    return replace(config, whisper=replace(theirs, encoder=encoder, decoder=decoder, **told))


def as_it_came(start: Pretrained) -> tuple[SpeechConfig, WhisperFeatures, SpeechBaseline]:
    """Return the parts of a recogniser that is a pretrained Whisper, without any training."""
    config = adopt(finetune(), start)
    assert config.whisper is not None
    features = WhisperFeatures(start.tokenizer, start.rules, config.whisper)
    return config, features, SpeechBaseline.silent(features.audio)


def _ours(folder: Path) -> Pretrained:
    manifest = artifact.read_start(folder, DOMAIN.name)
    with artifact.told(folder):
        config = from_dict(SpeechConfig, manifest.config)
    if config.whisper is None:
        raise WrongModel(f"{folder}: a recogniser of its own vocabulary, not a Whisper; give a Whisper's folder or run")
    with artifact.told(folder):
        features = WhisperFeatures.load(folder, config.features)
        with torch.device("meta"):
            model = WhisperModel(config.whisper)
        weights = artifact.load_weights(folder, model)
    return Pretrained(
        config=config.whisper,
        weights=weights,
        rules=features.rules,
        tokenizer=features.tokenizer,
    )
