"""DistilBERT (Sanh et al., "DistilBERT, a distilled version of BERT", 2019)."""

from __future__ import annotations

from .base import Architecture, both

_OURS, _THEIRS = "encoder.layers.*", "distilbert.transformer.layer.*"

DISTILBERT = Architecture(
    kind="distilbert",
    encoder={
        "embedding.words.weight": ("distilbert.embeddings.word_embeddings.weight",),
        "embedding.positions.table.weight": ("distilbert.embeddings.position_embeddings.weight",),
        **both("embedding.norm", "distilbert.embeddings.LayerNorm"),
        **both(f"{_OURS}.attention.qkv", *(f"{_THEIRS}.attention.{name}_lin" for name in "qkv")),
        **both(f"{_OURS}.attention.out", f"{_THEIRS}.attention.out_lin"),
        **both(f"{_OURS}.attention_residual.norm", f"{_THEIRS}.sa_layer_norm"),
        **both(f"{_OURS}.feedforward.up", f"{_THEIRS}.ffn.lin1"),
        **both(f"{_OURS}.feedforward.down", f"{_THEIRS}.ffn.lin2"),
        **both(f"{_OURS}.feedforward_residual.norm", f"{_THEIRS}.output_layer_norm"),
        **both("pooler", "pre_classifier"),
    },
    heads={
        "classifier": both("head", "classifier"),
        "masked": {
            **both("head.dense", "vocab_transform"),
            **both("head.norm", "vocab_layer_norm"),
            "head.bias": ("vocab_projector.bias",),
        },
    },
    classes={"classifier": "DistilBertForSequenceClassification", "masked": "DistilBertForMaskedLM"},
    settings={
        "vocab_size": "vocab_size",
        "width": "dim",
        "num_layers": "n_layers",
        "num_heads": "n_heads",
        "hidden": "hidden_dim",
        "positions": "max_position_embeddings",
        "activation": "activation",
        "dropout": "dropout",
        "attention_dropout": "attention_dropout",
        "classifier_dropout": "seq_classif_dropout",
    },
    defaults={"activation": "gelu", "dropout": 0.1, "attention_dropout": 0.1, "pad_token_id": 0},
    activations=("gelu", "relu"),
    pooler="relu",
    tied="vocab_projector.weight",
    ignored=("distilbert.embeddings.position_ids",),
    refused={"pruned_heads": ({}, None)},
)
