"""FinalMLP: two perceptrons that see the fields through gates, joined by bilinear products."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ...core.nn.table import FusedTable
from .config import StreamsConfig
from .perceptron import Perceptron, linear

# Shapes: B batch, F fields, D width, E = F × D, H heads, X and Y the widths of a head of each stream,
# T outputs.


class Gate(nn.Module):
    """Factors in (0, 2) for all embeddings of a row, by what some of its fields say through a table of their own."""

    def __init__(
        self, sizes: Sequence[int], fields: Sequence[int], width: int, inputs: int, hidden: int, sparse: bool
    ) -> None:
        super().__init__()
        self.fields = list(fields)
        self.table = FusedTable([sizes[field] for field in fields], width, sparse) if fields else None
        self.context_D = None if fields else nn.Parameter(torch.zeros(width))
        self.layers = nn.Sequential(
            linear(max(1, len(self.fields)) * width, hidden), nn.ReLU(), linear(hidden, inputs), nn.Sigmoid()
        )
        if self.table is not None:
            nn.init.normal_(self.table.embedding.weight, std=1e-4)

    def forward(self, ids_BF: Tensor) -> Tensor:
        """Return (B, E), or (E,) where the gates are the same for all rows."""
        context = self.context_D if self.table is None else self.table(ids_BF[:, self.fields]).flatten(1)
        factors: Tensor = 2 * self.layers(context)
        return factors


class Streams(nn.Module):
    """Logit = w_x·x + w_y·y + Σ_h x_h W_h y_h of two perceptrons' ends x and y, each cut into H heads.

    Mao et al., "FinalMLP: An Enhanced Two-Stream MLP Model for CTR Prediction", 2023, equations 5 to 10.
    """

    def __init__(
        self,
        config: StreamsConfig,
        sizes: Sequence[int],
        inputs: int,
        names: Sequence[str],
        width: int,
        sparse: bool,
        outputs: int = 1,
    ) -> None:
        super().__init__()
        heads = config.num_heads
        self.first, self.second = Perceptron(inputs, config.first), Perceptron(inputs, config.second)
        first, second = config.first.hidden[-1], config.second.hidden[-1]
        self.first_head, self.second_head = linear(first, outputs), linear(second, outputs)
        self.bilinear_THXY = nn.Parameter(torch.empty(outputs, heads, first // heads, second // heads))
        nn.init.normal_(self.bilinear_THXY, std=(2 / (self.bilinear_THXY[0].numel() + 1)) ** 0.5)  # Glorot, one output

        contexts = _contexts(config, sizes, names)
        gates = [
            Gate(sizes, fields, width, inputs, config.gate, sparse) if config.gate else None for fields in contexts
        ]
        self.first_gate, self.second_gate = gates

    def forward(self, v_BFD: Tensor, ids_BF: Tensor) -> Tensor:
        """Return logits (B, T)."""
        x_BE = y_BE = v_BFD.flatten(1)
        if self.first_gate is not None and self.second_gate is not None:
            x_BE, y_BE = x_BE * self.first_gate(ids_BF), y_BE * self.second_gate(ids_BF)
        x_BX, y_BY = self.first(x_BE), self.second(y_BE)
        heads = self.bilinear_THXY.shape[1]
        x_BHX, y_BHY = x_BX.unflatten(1, (heads, -1)), y_BY.unflatten(1, (heads, -1))
        both_BT = (torch.einsum("bhx,thxy->bthy", x_BHX, self.bilinear_THXY) * y_BHY[:, None]).sum((2, 3))
        logits_BT: Tensor = self.first_head(x_BX) + self.second_head(y_BY) + both_BT
        return logits_BT


def _contexts(config: StreamsConfig, sizes: Sequence[int], names: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return the fields that open the first gate and those that open the second."""
    named = (config.first_context, config.second_context)
    if any(named) or not config.contexts or len(sizes) < 2:
        first, second = ([names.index(name) for name in context] for context in named)
        return first, second
    *_, less, most = sorted(range(len(sizes)), key=lambda field: sizes[field])
    return [less], [most]
