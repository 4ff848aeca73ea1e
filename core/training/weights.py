"""The weights of a model as plain named tensors, whole under sharding, and back."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .distributed import like, whole


def get_weights(model: nn.Module) -> dict[str, Tensor]:
    """Return parameters and buffers by name; under FSDP2 every rank must call it."""
    return {name: whole(tensor) for name, tensor in model.state_dict().items()}


@torch.no_grad()
def set_weights(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Copy named tensors into a model that has exactly these names, in place."""
    own = model.state_dict()
    assert own.keys() == weights.keys(), f"weights differ in {sorted(own.keys() ^ weights.keys())}"
    for name, tensor in own.items():
        tensor.copy_(like(weights[name], tensor))
