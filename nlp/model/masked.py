"""The masked language model: a text encoder that learns from texts without labels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...core.batch import Batch
from ...core.nn import TransformerConfig, make_norm
from .config import TextModelConfig
from .encoder import TextEncoder, draw_linear

# Shapes: B batch, L length, D width, M masked positions, V vocabulary.


class MaskedHead(nn.Module):
    """From vectors to words: a linear layer, GELU, a norm, and the product with the word table plus a bias.

    The word table is that of the embedding (Press and Wolf, "Using the output embedding to improve language
    models", 2017). An encoder with ReLU has ReLU here too, as in BERT.
    """

    def __init__(self, config: TransformerConfig, vocab_size: int) -> None:
        super().__init__()
        self.dense = nn.Linear(config.width, config.width)
        self.activation = F.relu if config.activation == "relu" else F.gelu
        self.norm = make_norm(config)
        self.bias = nn.Parameter(torch.zeros(vocab_size))
        draw_linear(self.dense)

    def forward(self, x_MD: Tensor, table_VD: Tensor) -> Tensor:
        """Return logits (M, V)."""
        return F.linear(self.norm(self.activation(self.dense(x_MD))), table_VD, self.bias)


class MaskedLanguageModel(TextEncoder):
    """Tells the words at masked positions from those around them (Devlin et al., "BERT", 2019, section 3.1).

    The logits of other positions are never computed: with 15 % of the words masked that saves most of the
    head, whose product with the vocabulary costs more than a layer of the encoder.

    >>> model = MaskedLanguageModel(TextModelConfig(), vocab_size=100)
    >>> batch = Batch({"ids": torch.ones(2, 5, dtype=torch.int64), "masked": torch.tensor([1, 3, 7])})
    >>> model(batch).shape
    torch.Size([3, 100])
    """

    def __init__(self, config: TextModelConfig, vocab_size: int) -> None:
        super().__init__(config, vocab_size)
        self.head = MaskedHead(config.encoder, vocab_size)

    def forward(self, batch: Batch) -> Tensor:
        """Return logits (M, V); beside what `encode` reads, `batch` holds `masked` (M,), flat places in (B × L)."""
        x_MD = self.encode(batch).flatten(0, 1)[batch["masked"]]
        logits_MV: Tensor = self.head(x_MD, self.embedding.words.weight)
        return logits_MV
