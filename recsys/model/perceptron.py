"""Multi-layer perceptrons over the embeddings of a row."""

from __future__ import annotations

from torch import Tensor, nn

from ...core.nn import Dropout
from .config import MLPConfig

# Shapes: B batch, F fields, D width, H hidden, T outputs.


def linear(inputs: int, outputs: int) -> nn.Linear:
    """Return a linear map that starts by Glorot's normal rule, as in the published recipes of click models."""
    found = nn.Linear(inputs, outputs)
    nn.init.xavier_normal_(found.weight)
    nn.init.zeros_(found.bias)
    return found


class Perceptron(nn.Module):
    """Linear maps, each with its batch norm, if wanted, ReLU and dropout: (B, inputs) to (B, H)."""

    def __init__(self, inputs: int, config: MLPConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for hidden in config.hidden:
            layers.append(linear(inputs, hidden))
            if config.batch_norm:
                layers.append(nn.BatchNorm1d(hidden))
            layers += [nn.ReLU(inplace=True), Dropout(config.dropout)]
            inputs = hidden
        self.layers = nn.Sequential(*layers)

    def forward(self, x_BH: Tensor) -> Tensor:
        """Return the last hidden layer (B, H)."""
        out_BH: Tensor = self.layers(x_BH)
        return out_BH


class MLP(nn.Module):
    """The deep part of DeepFM and Wide & Deep: (B, F, D) to logits (B, T)."""

    def __init__(self, inputs: int, config: MLPConfig, outputs: int = 1) -> None:
        super().__init__()
        self.perceptron = Perceptron(inputs, config)
        self.head = linear(config.hidden[-1], outputs)

    def forward(self, v_BFD: Tensor) -> Tensor:
        logits_BT: Tensor = self.head(self.perceptron(v_BFD.flatten(1)))
        return logits_BT
