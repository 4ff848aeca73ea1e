"""From a model of ours to a folder that Hugging Face's transformers load."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from safetensors.torch import save_file
from tokenizers import Tokenizer

from ...core.config import flatten, to_dict
from ...core.errors import BadTokenizer, BadValue, UnknownName, WrongModel, did_you_mean
from ...core.files import write_text
from ..model import MaskedLanguageModel, TextModel, TextModelConfig
from .base import Architecture, Head, Kind
from .settings import ARCHITECTURES, read_settings, write_settings
from .tokenizer import special_tokens, write_tokenizer
from .weights import join_state

# Settings of ours that change nothing in what such a model computes once trained.
_FREE = {
    "vocab_size", "dropout", "encoder.dropout", "encoder.attention_dropout", "encoder.drop_path", "encoder.checkpoint",
    "encoder.final_norm",
}  # fmt: skip
_FREE_WITHOUT_POOLING = {"pooling", "pooler"}


def save_pretrained(
    model: TextModel | MaskedLanguageModel,
    folder: str | Path,
    *,
    kind: Kind,
    tokenizer: Tokenizer | None = None,
    labels: Sequence[str] | None = None,
    problem_type: str | None = None,
) -> None:
    """Write a folder from which transformers' AutoModel and AutoTokenizer load the model and its tokenizer.

    `labels` name the classes of a `TextModel` ("LABEL_0", … where None); `problem_type` is transformers' word for what
    its outputs are. The model must be one that `kind`
    describes, as those built with the configuration of `read_pretrained` are; else ArtifactError says where
    it differs.

    >>> import tempfile
    >>> from fourfold.core.nn import TransformerConfig
    >>> encoder = TransformerConfig(width=8, num_layers=1, pre_norm=False, norm_eps=1e-12)
    >>> model = MaskedLanguageModel(TextModelConfig(encoder=encoder, segments=0), vocab_size=20)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_pretrained(model, folder, kind="distilbert")
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['config.json', 'model.safetensors']
    """
    if kind not in ARCHITECTURES:
        raise UnknownName(f"unknown kind '{kind}'{did_you_mean(kind, ARCHITECTURES)}")
    architecture, folder = ARCHITECTURES[kind], Path(folder)
    settings = _settings(model, architecture) | _labels(model, labels)
    settings |= {"problem_type": problem_type} if problem_type else {}
    if tokenizer is not None:
        settings["pad_token_id"] = _pad_id(model, tokenizer, architecture)
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: tensor.cpu().contiguous() for name, tensor in join_state(model, architecture).items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})  # transformers asks for the format
    if tokenizer is not None:
        write_tokenizer(folder, tokenizer, kind, model.config.max_length)
    write_text(folder / "config.json", json.dumps(settings, indent=2, ensure_ascii=False) + "\n")


def kind_of(config: TextModelConfig) -> Kind:
    """Return the kind of Hugging Face model that a configuration resembles the most.

    >>> kind_of(TextModelConfig(segments=0)), kind_of(TextModelConfig(segments=1, first_position=2))
    ('distilbert', 'roberta')
    """
    if config.first_position:
        return "roberta"
    return "bert" if config.segments else "distilbert"


def _settings(model: TextModel | MaskedLanguageModel, architecture: Architecture) -> dict[str, object]:
    masked = isinstance(model, MaskedLanguageModel)
    vocab_size = model.embedding.words.num_embeddings
    settings = write_settings(model.config, vocab_size, architecture)
    again, _ = read_settings(settings, architecture, f"save_pretrained(kind='{architecture.kind}')")
    _refuse_others(model.config, again, architecture.kind, _FREE | (_FREE_WITHOUT_POOLING if masked else set()))
    head: Head = "masked" if masked else "classifier"
    dtype = str(model.embedding.words.weight.dtype).removeprefix("torch.")
    return settings | {"architectures": [architecture.classes[head]], "dtype": dtype, "tie_word_embeddings": True}


def _refuse_others(ours: TextModelConfig, theirs: TextModelConfig, kind: Kind, free: set[str]) -> None:
    """What comes back from `config.json` must be what went in, or the folder would be another model."""
    have = flatten(to_dict(replace(ours, encoder=replace(ours.encoder, hidden=ours.encoder.hidden_width))))
    differ = [
        f"{name} is {have[name]!r}, not {value!r}"
        for name, value in flatten(to_dict(theirs)).items()
        if name not in free and have[name] != value
    ]
    if differ:
        raise WrongModel(f"not a {kind} model: {', '.join(differ)}; build it with the settings of a {kind} model")


def _labels(model: TextModel | MaskedLanguageModel, labels: Sequence[str] | None) -> dict[str, object]:
    if isinstance(model, MaskedLanguageModel):
        if labels is not None:
            raise BadValue("labels: a masked language model has no classes; leave them out")
        return {}
    count = model.head.out_features
    names = [f"LABEL_{number}" for number in range(count)] if labels is None else list(labels)
    if len(names) != count:
        raise BadValue(f"labels: {len(names)} names for {count} classes; give one for each class")
    return {
        "id2label": {str(number): name for number, name in enumerate(names)},
        "label2id": {name: number for number, name in enumerate(names)},
    }


def _pad_id(model: TextModel | MaskedLanguageModel, tokenizer: Tokenizer, architecture: Architecture) -> int:
    """The id of the padding; RoBERTa's positions begin after it, so that both must agree."""
    pad = tokenizer.token_to_id(special_tokens(tokenizer)["pad_token"])
    assert pad is not None
    if architecture.first_position and pad != model.config.first_position - 1:
        raise BadTokenizer(
            f"the tokenizer pads with {pad}, where first_position ({model.config.first_position}) asks for "
            f"{model.config.first_position - 1}; give the tokenizer that it was trained with"
        )
    return pad
