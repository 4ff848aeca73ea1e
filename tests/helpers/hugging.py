"""Small Hugging Face models with random weights, and ours beside them."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    BertConfig,
    DistilBertConfig,
    PreTrainedConfig,
    PreTrainedModel,
    RobertaConfig,
)

from fourfold.core.batch import Batch
from fourfold.nlp.model import MaskedLanguageModel, TextModel
from fourfold.nlp.pretrained import read_pretrained, start

KINDS = ("bert", "roberta", "distilbert")
HEADS = {
    "none": AutoModel,
    "classifier": AutoModelForSequenceClassification,
    "masked": AutoModelForMaskedLM,
}
NAMES = {"ids": "input_ids", "keep": "attention_mask", "segments": "token_type_ids"}


def settings(kind: str, *, width=32, layers=2, heads=4, hidden=64, activation="gelu", **more) -> PreTrainedConfig:
    """The configuration of a small model; the vocabulary has 99 words, the table of positions 40 rows."""
    if kind == "distilbert":
        return DistilBertConfig(
            vocab_size=99, dim=width, n_layers=layers, n_heads=heads, hidden_dim=hidden, activation=activation,
            max_position_embeddings=40, **more,
        )  # fmt: skip
    more = {"type_vocab_size": 1, "layer_norm_eps": 1e-5} | more if kind == "roberta" else more
    return {"bert": BertConfig, "roberta": RobertaConfig}[kind](
        vocab_size=99, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=hidden,
        hidden_act=activation, max_position_embeddings=40, **more,
    )  # fmt: skip


def original(config: PreTrainedConfig, head: str = "classifier") -> PreTrainedModel:
    """A model of transformers; its weights are larger than the first ones, and its biases are not 0."""
    torch.manual_seed(0)
    model = HEADS[head].from_config(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def saved(folder: Path, kind: str, head: str = "classifier", **more) -> PreTrainedModel:
    """A model of transformers that is saved in `folder`."""
    model = original(settings(kind, **more), head)
    model.save_pretrained(folder)
    return model


def ours(folder: Path, head: str = "classifier", num_classes: int | None = None) -> TextModel | MaskedLanguageModel:
    """Our model with the weights of a folder."""
    found = read_pretrained(folder)
    if head == "masked":
        model = MaskedLanguageModel(found.config, found.vocab_size)
    else:
        model = TextModel(found.config, found.vocab_size, num_classes or len(found.classifier["head.bias"]))
    start(model, found)
    return model.eval()


def inputs(kind: str) -> dict[str, torch.Tensor]:
    """Three rows of different lengths; padding is what the model takes for it, and nothing else is."""
    generator = torch.Generator().manual_seed(1)
    keep = torch.arange(11)[None] < torch.tensor([11, 4, 7])[:, None]
    ids = torch.randint(2, 99, (3, 11), generator=generator)
    tensors = {"ids": torch.where(keep, ids, int(kind == "roberta")), "keep": keep}
    if kind == "bert":
        tensors["segments"] = torch.randint(0, 2, (3, 11), generator=generator)
    return tensors


def theirs(model: PreTrainedModel, tensors: dict[str, torch.Tensor], **more):
    """What transformers compute for the tensors of a batch."""
    with torch.no_grad():
        return model(**{NAMES[name]: tensor.long() for name, tensor in tensors.items()}, **more)


def logits(model: TextModel | MaskedLanguageModel, tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    """Our logits: (B, C), or (M, V) for all that is not padding."""
    more = {"masked": tensors["keep"].flatten().nonzero()[:, 0]} if isinstance(model, MaskedLanguageModel) else {}
    with torch.no_grad():
        return model(Batch(tensors | more))
