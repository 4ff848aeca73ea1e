"""The cross network of DCN-V2."""

from __future__ import annotations

from torch import Tensor, nn

from .perceptron import linear

# Shapes: B batch, F fields, D width, E = F × D, T outputs.


class Cross(nn.Module):
    """x_{l+1} = x_0 ⊙ (W_l x_l + b_l) + x_l over all embeddings, then logits (B, T).

    Wang et al., "DCN V2: Improved Deep & Cross Network and Practical Lessons for Web-scale Learning to Rank Systems",
    2021, equation 1. Beside an MLP it is their parallel structure: one linear map of both ends is the sum of two.
    """

    def __init__(self, inputs: int, num_layers: int, outputs: int = 1) -> None:
        super().__init__()
        self.layers = nn.ModuleList(linear(inputs, inputs) for _ in range(num_layers))
        self.head = nn.Linear(inputs, outputs, bias=False)  # the model has a bias of its own
        nn.init.xavier_normal_(self.head.weight)

    def forward(self, v_BFD: Tensor) -> Tensor:
        x_BE = first_BE = v_BFD.flatten(1)
        for layer in self.layers:
            x_BE = first_BE * layer(x_BE) + x_BE
        logits_BT: Tensor = self.head(x_BE)
        return logits_BT
