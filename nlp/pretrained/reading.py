"""From a Hugging Face folder to weights under our names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tokenizers import Tokenizer

from ...core.errors import BadTokenizer, Damaged
from ...core.hub import find_folder, read_json, read_state
from ..model import TextModelConfig
from .base import Kind
from .settings import find_architecture, read_settings
from .tokenizer import read_tokenizer
from .weights import Weights, split_state


@dataclass(frozen=True, kw_only=True, eq=False)
class Pretrained:
    """A pretrained text model, as `read_pretrained` found it.

    `weights` are those of embedding, encoder and, where there is one, pooler; `classifier` (`head.weight`,
    `head.bias`) and `masked_head` (`head.dense.weight`, …) are None where the folder has none, as are the
    `labels` of the classifier and the `tokenizer`. All names are those of `TextModel` and
    `MaskedLanguageModel`; all weights are float32.
    """

    kind: Kind | Literal["fourfold"]
    config: TextModelConfig
    vocab_size: int
    weights: Weights
    classifier: Weights | None = None
    labels: tuple[str, ...] | None = None
    masked_head: Weights | None = None
    tokenizer: Tokenizer | None = None
    name: str = "pretrained"


def read_pretrained(source: str | Path) -> Pretrained:
    """Read a BERT, RoBERTa or DistilBERT that Hugging Face's `save_pretrained` or ours wrote.

    `source` is a folder, or the name of a model on the Hugging Face Hub. Only safetensors are read, in one
    file or in shards. Raises ArtifactError where the folder, its settings or its weights are not those of
    such a model.

    >>> import tempfile
    >>> from fourfold.core.nn import TransformerConfig
    >>> from fourfold.nlp.model import TextModel
    >>> from fourfold.nlp.pretrained import save_pretrained
    >>> config = TextModelConfig(encoder=TransformerConfig(width=8, num_layers=1, pre_norm=False), pooling="first",
    ...                          pooler="tanh")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_pretrained(TextModel(config, vocab_size=20, num_classes=3), folder, kind="bert")
    ...     found = read_pretrained(folder)
    >>> found.kind, found.vocab_size, found.labels, found.weights["pooler.weight"].shape
    ('bert', 20, ('LABEL_0', 'LABEL_1', 'LABEL_2'), torch.Size([8, 8]))
    """
    folder = find_folder(source)
    settings = folder / "config.json"
    values = read_json(settings)
    architecture = find_architecture(values, str(settings))
    config, vocab_size = read_settings(values, architecture, str(settings))
    parts = split_state(read_state(folder), architecture, config, vocab_size, str(folder))
    labels = None if parts.classifier is None else _labels(values, len(parts.classifier["head.bias"]), settings)
    return Pretrained(
        kind=architecture.kind,
        config=config,
        vocab_size=vocab_size,
        weights=parts.encoder,
        classifier=parts.classifier,
        labels=labels,
        masked_head=parts.masked,
        tokenizer=_tokenizer(folder, architecture.kind, vocab_size),
        name=str(source),
    )


def _labels(values: Mapping[str, object], count: int, path: Path) -> tuple[str, ...] | None:
    """The names of the classes, in their order; None where the file leaves them out."""
    names = values.get("id2label")
    if names is None:
        return None
    wanted = [str(number) for number in range(count)]
    if not isinstance(names, dict) or set(names) != set(wanted):
        raise Damaged(f"{path}: id2label does not name the classes 0 to {count - 1} of the classifier; mend it")
    return tuple(str(names[number]) for number in wanted)


def _tokenizer(folder: Path, kind: Kind, vocab_size: int) -> Tokenizer | None:
    tokenizer = read_tokenizer(folder, kind)
    if tokenizer is not None and (last := max(tokenizer.get_vocab().values(), default=0)) >= vocab_size:
        raise BadTokenizer(
            f"{folder}: its tokenizer numbers tokens up to {last}, its word table has {vocab_size} rows; "
            "give the tokenizer that it was trained with"
        )
    return tokenizer
