"""The click model: parts over the same field embeddings, whose logits add up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from ...core.batch import Batch
from ..data import ClickFeatures, ListShape, LogShape
from .cin import CIN
from .config import ClickModelConfig
from .cross import Cross
from .embedding import FieldEmbedding
from .fields import FieldAttention
from .numbers import number_encoding
from .perceptron import MLP
from .streams import Streams

# Shapes: B batch, F fields, P numeric fields (the last of F), D width, T outputs.


class ClickModel(nn.Module):
    """Logit = the sum of the parts' logits: Σ w_f, gain · Σ_{f<g} ⟨v_f, v_g⟩, and networks over v, one embedding v of
    the fields.

    With an MLP as its network it is DeepFM (Guo et al., 2017). The gain is learned and starts at 0 (Bachlechner et al.,
    "ReZero", 2021) unless the settings say 1, which overfits before a Transformer has learned (area on validation rows
    of one fold of Adult: 0.923, learned 0.928). With more than one of the `outputs`, each part has so many heads.

    >>> model = ClickModel(ClickModelConfig(), sizes=[3, 5], bins=[4])
    >>> batch = {"ids": torch.tensor([[1, 2]]), "position": torch.tensor([[1.5]])}
    >>> model(Batch(batch)).shape
    torch.Size([1])
    """

    def __init__(
        self,
        config: ClickModelConfig,
        sizes: Sequence[int],
        bins: Sequence[int] = (),
        names: Sequence[str] = (),
        lists: Sequence[ListShape] = (),
        logs: Sequence[LogShape] = (),
        outputs: int = 1,
    ) -> None:
        super().__init__()
        self.config, self.outputs = config, outputs
        rows = sum(sizes) + sum(-one.shared for one in lists if one.shared < 0)
        width, sparse = config.embedding_width, 0 < config.sparse_rows <= rows
        inputs, parts = (len(sizes) + len(lists)) * width, config.parts
        networks = set(parts) - {"linear"}
        numbers, deviation = number_encoding(config, logs), config.deviation
        self.embedding = (
            FieldEmbedding(sizes, bins, width, lists, sparse=sparse, deviation=deviation, numbers=numbers)
            if networks
            else None
        )
        self.linear = FieldEmbedding(sizes, bins, outputs, lists, sparse=sparse) if "linear" in parts else None
        self.bias = nn.Parameter(torch.zeros(outputs)) if networks <= {"fm", "cross"} else None  # the others have one
        learned = "fm" in parts and config.gain == "learned"
        self.gain = nn.Parameter(torch.zeros(outputs)) if learned else None  # FSDP2 shards no scalars
        self.transformer = FieldAttention(config, lists, outputs) if "transformer" in parts else None
        self.mlp = MLP(inputs, config.mlp, outputs) if "mlp" in parts else None
        self.cross = Cross(inputs, config.cross_layers, outputs) if "cross" in parts else None
        self.cin = CIN(inputs // width, config.cin_hidden, outputs) if "cin" in parts else None
        self.streams = (
            Streams(config.streams, sizes, inputs, names, width, sparse, outputs) if "streams" in parts else None
        )
        for weight in self.linear.parameters() if self.linear is not None else ():
            nn.init.zeros_(weight)

    @classmethod
    def of(cls, config: ClickModelConfig, features: ClickFeatures) -> ClickModel:
        """Return the model for rows of these features."""
        sizes, bins, names = features.sizes, features.bins, features.names
        return cls(config, sizes, bins, names, features.shapes, features.logs, features.outputs)

    def forward(self, batch: Batch) -> Tensor:
        """Return logits (B,) for `ids` (B, F), `position` (B, P) and, where there are lists, `lists`; (B, T) where
        `outputs` T is above 1."""
        logits: list[Tensor] = [] if self.bias is None else [self.bias]
        both = [one for one in (self.linear, self.embedding) if one is not None]
        places = both[0].table.places(batch["ids"]) if both else None
        if self.linear is not None:
            logits.append(self.linear(batch, places).sum(1))
        if self.embedding is not None:
            logits += self._networks(self.embedding(batch, places), batch)
        logits_BT = sum(logits[1:], logits[0])
        return logits_BT.squeeze(-1) if self.outputs == 1 else logits_BT

    def _networks(self, v_BFD: Tensor, batch: Batch) -> list[Tensor]:
        """Return what the parts over the embeddings say, (B, T) each, or (B, 1) for all outputs."""
        logits = [network(v_BFD) for network in (self.mlp, self.cross, self.cin) if network is not None]
        if self.transformer is not None and self.embedding is not None:
            logits.append(self.transformer(v_BFD, self.embedding.values(batch, ordered=True)))
        if "fm" in self.config.parts:
            pairs_B1 = pair_sum(v_BFD)[:, None]
            logits.append(pairs_B1 if self.gain is None else self.gain * pairs_B1)
        if self.streams is not None:
            logits.append(self.streams(v_BFD, batch["ids"]))
        return logits


def pair_sum(v_BFD: Tensor) -> Tensor:
    """Return Σ_{f<g} ⟨v_f, v_g⟩ (B,) as ½ Σ_D ((Σ_F v)² − Σ_F v²), linear in F (Rendle, 2010, lemma 3.1)."""
    found: Tensor = _PairSum.apply(v_BFD.float())
    return found


class _PairSum(torch.autograd.Function):
    """The gradient of v_f is the sum of the others: a third of what torch makes of the formula, which keeps squares."""

    @staticmethod
    def forward(ctx: Any, v_BFD: Tensor) -> Tensor:
        sum_BD = v_BFD.sum(1)
        ctx.save_for_backward(v_BFD, sum_BD)
        norm_B: Tensor = torch.linalg.vector_norm(v_BFD, dim=(1, 2))
        return 0.5 * (sum_BD.square().sum(1) - norm_B.square())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_B: Tensor) -> Tensor:
        v_BFD, sum_BD = ctx.saved_tensors
        others_BFD: Tensor = sum_BD[:, None] - v_BFD
        return others_BFD.mul_(grad_B[:, None, None])
