"""An exponential moving average of the weights (Polyak averaging), used for evaluation and kept at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import chain

import torch
from torch import Tensor, nn

from .distributed import like, whole


class Average:
    """Averages parameters, and the statistics of batch norms, after each step; with `decay` 0 it does nothing.

    Tables with sparse gradients are left as they are: averaging them would cost their size at every step.
    """

    def __init__(self, model: nn.Module, decay: float):
        self.decay = decay
        kept = model.state_dict().keys() - _sparse(model)
        floats = ((name, own) for name, own in _tensors(model) if name in kept and own.is_floating_point())
        self.values = {name: own.detach().clone() for name, own in floats} if decay else {}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Take a step's weights in; the decay warms up as (1 + step) / (10 + step)."""
        if self.values:
            keep = min(self.decay, (1 + step) / (10 + step))
            # Apart, since they are of two kinds where parameters are sharded.
            for tensors in (model.named_parameters(), model.named_buffers()):
                own = {name: tensor for name, tensor in tensors if name in self.values}
                if own:
                    torch._foreach_lerp_([self.values[name] for name in own], list(own.values()), 1 - keep)

    @torch.no_grad()
    def install(self, model: nn.Module) -> None:
        """Put the averaged weights into the model."""
        for name, own in _tensors(model):
            if name in self.values:
                own.copy_(self.values[name])

    @contextlib.contextmanager
    def installed(self, model: nn.Module) -> Iterator[None]:
        """Have the model hold the averaged weights for a while."""
        before = {name: own.detach().clone() for name, own in _tensors(model) if name in self.values}
        self.install(model)
        try:
            yield
        finally:
            with torch.no_grad():
                for name, own in _tensors(model):
                    if name in before:
                        own.copy_(before[name])

    def tensors(self) -> dict[str, Tensor]:
        """Return the average as whole named tensors; under FSDP2 every rank must call it."""
        return {name: whole(value) for name, value in self.values.items()}

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Put back what `tensors` returned."""
        self.values = {name: like(tensors[name], value) for name, value in self.values.items()}


def _tensors(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    return chain(model.named_parameters(), model.named_buffers())


def _sparse(model: nn.Module) -> set[str]:
    """Return the names of tables with sparse gradients."""
    tables = (name for name, one in model.named_modules() if isinstance(one, nn.Embedding) and one.sparse)
    return {f"{name}.weight" if name else "weight" for name in tables}
