"""A model of ours that starts from pretrained weights."""

from __future__ import annotations

import re

from ...core.nn import convert
from ..model import MaskedLanguageModel, TextModel
from .reading import Pretrained


def start(model: TextModel | MaskedLanguageModel, pretrained: Pretrained) -> None:
    """Copy pretrained weights into a model that was built with `pretrained.config`, in place.

    The head comes along where the folder holds one for the same kind of model and, of a classifier, the same
    number of classes; the pooler where both have one. What does not come along keeps its first weights.
    Raises ArtifactError where the weights do not fit the model.

    >>> import torch
    >>> from fourfold.nlp.model import TextModelConfig
    >>> config = TextModelConfig()
    >>> one, two = MaskedLanguageModel(config, vocab_size=9), TextModel(config, vocab_size=9, num_classes=2)
    >>> weights = {name: weight for name, weight in one.state_dict().items() if not name.startswith("head.")}
    >>> start(two, Pretrained(kind="bert", config=config, vocab_size=9, weights=weights))
    >>> torch.equal(two.embedding.words.weight, one.embedding.words.weight)
    True
    """
    target = model.state_dict()
    head = pretrained.masked_head if isinstance(model, MaskedLanguageModel) else pretrained.classifier
    if head and isinstance(model, TextModel) and len(head["head.weight"]) != model.head.out_features:
        head = None
    given = pretrained.weights | (head or {})
    given = {name: weight for name, weight in given.items() if name in target or not name.startswith("pooler.")}
    fresh = [name for name in target if name not in given and name.startswith(("head.", "pooler.", "pooling."))]
    same = {_pattern(name): (_pattern(name),) for name in (*target, *given)}
    model.load_state_dict(convert(given, same, target, source=pretrained.name, fresh=fresh))


def _pattern(name: str) -> str:
    """The name in a table: `*` stands for the number of a layer."""
    return re.sub(r"\.\d+\.", ".*.", name, count=1)
