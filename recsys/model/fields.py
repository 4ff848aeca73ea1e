"""Attention between fields: the core encoder with each field a token."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ...core.nn import Dropout, Encoder, Pooling
from ..data import ListShape
from .config import ClickModelConfig

# Shapes: B batch, F fields, L values of a sequence or length of all, D width, T outputs.

Sequences = Sequence[tuple[Tensor, Tensor]]
"""The rows (B, L, D) of each sequence's values, and which are there (B, L)."""


class FieldAttention(nn.Module):
    """head(pool(encoder(v))): each field is a token, as in AutoInt (Song et al., 2019) and FT-Transformer (Gorishniy
    et al., "Revisiting deep learning models for tabular data", 2021); so is each value of a sequence, with its place
    counted from the latest, as in BST (Chen et al., "Behavior Sequence Transformer", 2019)."""

    def __init__(self, config: ClickModelConfig, lists: Sequence[ListShape] = (), outputs: int = 1) -> None:
        super().__init__()
        width, given = config.encoder.width, config.embedding_width
        self.enter = nn.Linear(given, width) if given != width else nn.Identity()
        self.class_token = nn.Parameter(torch.zeros(width)) if config.pooling == "first" else None
        self.places = nn.ParameterList(
            nn.Parameter(0.02 * torch.randn(one.most, width)) for one in lists if one.ordered
        )
        self.encoder = Encoder(config.encoder)
        self.pooling = Pooling(config.pooling, width)
        self.dropout = Dropout(config.dropout)
        self.head = nn.Linear(width, outputs)
        nn.init.trunc_normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, v_BFD: Tensor, sequences: Sequences = ()) -> Tensor:
        """Return logits (B, T)."""
        tokens = [self.enter(v_BFD)]
        if self.class_token is not None:
            tokens.insert(0, self.class_token.expand(len(v_BFD), 1, -1))
        keep_BL = None
        if sequences:
            fields = sum(part.shape[1] for part in tokens)
            there = [torch.ones(len(v_BFD), fields, dtype=torch.bool, device=v_BFD.device)]
            for (x_BLD, keep), place_LD in zip(sequences, self.places, strict=True):
                ago_BL = keep.flip(1).cumsum(1).flip(1).sub(1).clamp(min=0)  # 0 for the latest
                tokens.append(self.enter(x_BLD) + place_LD[ago_BL])
                there.append(keep)
            keep_BL = torch.cat(there, 1)
        x_BLD = self.dropout(torch.cat(tokens, 1))
        first = None if self.class_token is None else 1  # the others need not leave the last layer
        x_BLD = self.encoder(x_BLD, keep_BL, first=first)
        x_BD = self.pooling(x_BLD, keep_BL if first is None else None)
        logits_BT: Tensor = self.head(self.dropout(x_BD))
        return logits_BT
