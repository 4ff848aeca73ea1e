"""The weights of a model as plain named tensors, whole under sharding, and back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

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


@contextlib.contextmanager
def kept_weights(model: nn.Module) -> Iterator[None]:
    """Give a model its parameters and buffers back at the end, and no gradients."""
    before = {name: tensor.to("cpu", copy=True) for name, tensor in get_weights(model).items()}
    try:
        yield
    finally:
        set_weights(model, before)
        model.zero_grad(set_to_none=True)


class Buffers:
    """What a forward pass moves in a model: the statistics of batch norms, to be put back where no step is taken."""

    def __init__(self, model: nn.Module):
        kept = model.state_dict().keys()
        self.now = [buffer for name, buffer in model.named_buffers() if name in kept]
        self.before = [buffer.clone() for buffer in self.now]

    @torch.no_grad()
    def keep(self) -> None:
        """Remember them as they are."""
        for before, now in zip(self.before, self.now, strict=True):
            before.copy_(now)

    @torch.no_grad()
    def put_back(self, where: Tensor) -> None:
        """Make them what they were, where a tensor is above 0; nothing waits for its value."""
        for before, now in zip(self.before, self.now, strict=True):
            now.copy_(torch.where(where > 0, before, now))
