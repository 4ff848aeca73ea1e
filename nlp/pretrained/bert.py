"""BERT (Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers", 2019)."""

from __future__ import annotations

from .base import Architecture, both

_OURS, _THEIRS = "encoder.layers.*", "encoder.layer.*"


def encoder_table(prefix: str) -> dict[str, tuple[str, ...]]:
    """Return the names of embedding and encoder, which RoBERTa shares but for the prefix."""
    attention = f"{prefix}{_THEIRS}.attention"
    return {
        "embedding.words.weight": (f"{prefix}embeddings.word_embeddings.weight",),
        "embedding.positions.table.weight": (f"{prefix}embeddings.position_embeddings.weight",),
        "embedding.segments.weight": (f"{prefix}embeddings.token_type_embeddings.weight",),
        **both("embedding.norm", f"{prefix}embeddings.LayerNorm"),
        **both(f"{_OURS}.attention.qkv", *(f"{attention}.self.{name}" for name in ("query", "key", "value"))),
        **both(f"{_OURS}.attention.out", f"{attention}.output.dense"),
        **both(f"{_OURS}.attention_residual.norm", f"{attention}.output.LayerNorm"),
        **both(f"{_OURS}.feedforward.up", f"{prefix}{_THEIRS}.intermediate.dense"),
        **both(f"{_OURS}.feedforward.down", f"{prefix}{_THEIRS}.output.dense"),
        **both(f"{_OURS}.feedforward_residual.norm", f"{prefix}{_THEIRS}.output.LayerNorm"),
    }


SETTINGS = {
    "vocab_size": "vocab_size",
    "width": "hidden_size",
    "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads",
    "hidden": "intermediate_size",
    "positions": "max_position_embeddings",
    "segments": "type_vocab_size",
    "activation": "hidden_act",
    "norm_eps": "layer_norm_eps",
    "dropout": "hidden_dropout_prob",
    "attention_dropout": "attention_probs_dropout_prob",
    "classifier_dropout": "classifier_dropout",
}
"""Our names of BERT's and RoBERTa's settings, and those of `config.json`."""

DEFAULTS: dict[str, object] = {
    "type_vocab_size": 2,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1,
    "pad_token_id": 0,
}

REFUSED: dict[str, tuple[object, ...]] = {
    "position_embedding_type": ("absolute", None),
    "is_decoder": (False, None),
    "add_cross_attention": (False, None),
    "pruned_heads": ({}, None),
}
"""Settings that change what is computed, and their values that we have."""

BERT = Architecture(
    kind="bert",
    encoder=encoder_table("bert.") | both("pooler", "bert.pooler.dense"),
    heads={
        "classifier": both("head", "classifier"),
        "masked": {
            **both("head.dense", "cls.predictions.transform.dense"),
            **both("head.norm", "cls.predictions.transform.LayerNorm"),
            "head.bias": ("cls.predictions.bias",),
        },
    },
    classes={"classifier": "BertForSequenceClassification", "masked": "BertForMaskedLM"},
    settings=SETTINGS,
    defaults=DEFAULTS,
    activations=("gelu", "relu"),
    pooler="tanh",
    tied="cls.predictions.decoder.weight",
    # The second is what the first tie leaves of the bias; the third tells whether two sentences follow each other.
    ignored=("bert.embeddings.position_ids", "cls.predictions.decoder.bias", "cls.seq_relationship."),
    refused=REFUSED,
)
