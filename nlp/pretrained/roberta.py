"""RoBERTa (Liu et al., "RoBERTa: A Robustly Optimized BERT Pretraining Approach", 2019)."""

from __future__ import annotations

from .base import Architecture, both
from .bert import DEFAULTS, REFUSED, SETTINGS, encoder_table

ROBERTA = Architecture(
    kind="roberta",
    encoder=encoder_table("roberta.") | both("pooler", "classifier.dense"),
    heads={
        "classifier": both("head", "classifier.out_proj"),
        "masked": {
            **both("head.dense", "lm_head.dense"),
            **both("head.norm", "lm_head.layer_norm"),
            "head.bias": ("lm_head.bias",),
        },
    },
    classes={"classifier": "RobertaForSequenceClassification", "masked": "RobertaForMaskedLM"},
    settings=SETTINGS,
    defaults=DEFAULTS | {"pad_token_id": 1},
    activations=("gelu",),  # its masked head has GELU whatever the encoder has: others would not agree with ours
    pooler="tanh",
    tied="lm_head.decoder.weight",
    # RobertaModel saves a pooler that the classifier and the masked head do without.
    ignored=("roberta.embeddings.position_ids", "lm_head.decoder.bias", "roberta.pooler."),
    refused=REFUSED,
    first_position=True,
)
