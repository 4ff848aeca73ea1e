"""The compressed interaction network of xDeepFM."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .perceptron import linear

# Shapes: B batch, F fields, D width, M maps of a layer (of the first, the fields), E = F × M, T outputs.


class CIN(nn.Module):
    """x^{l+1}_h = Σ_{f,m} W^l_{hfm} (v_f ⊙ x^l_m) + b^l_h from x^0 = v on; logits (B, T) of all maps' sums over D.

    Lian et al., "xDeepFM: Combining Explicit and Implicit Feature Interactions for Recommender Systems", 2018,
    equations 6 and 7, without an activation and with the biases of the published recipe (Zhu et al., "BARS", 2022).
    Layer l makes products of l + 1 fields. In training it keeps B × D × E numbers a layer, but for the last.

    >>> CIN(fields=3, hidden=[5, 4])(torch.randn(2, 3, 8)).shape
    torch.Size([2, 1])
    """

    def __init__(self, fields: int, hidden: Sequence[int], outputs: int = 1) -> None:
        super().__init__()
        before = (fields, *hidden[:-1])
        self.layers = nn.ModuleList(linear(fields * maps, new) for maps, new in zip(before, hidden, strict=True))
        self.head = linear(sum(hidden), outputs)

    def forward(self, v_BFD: Tensor) -> Tensor:
        *inner, last = self.layers
        width, sums = v_BFD.shape[-1], []
        v_BDF = x_BDM = v_BFD.transpose(1, 2)
        for layer in inner:
            x_BDM = layer((v_BDF[..., None] * x_BDM[..., None, :]).flatten(2))
            sums.append(x_BDM.sum(1))
        # The last layer's maps are asked for their sums alone, and a linear map of sums costs a D-th of a sum of maps.
        mean_BE = (v_BFD @ x_BDM).flatten(1) / width
        sums.append(width * last(mean_BE))
        logits_BT: Tensor = self.head(torch.cat(sums, 1))
        return logits_BT
