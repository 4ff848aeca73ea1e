"""One optimiser step: micro-batches forward and backward, normalised by global counts, clipped, taken or skipped."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from ..batch import Batch
from ..device import autocast
from .config import TrainConfig
from .distributed import Ranks, held_back, spread, whole
from .optimizers import Optimizers
from .sampling import Part
from .tally import Tally
from .task import Task
from .weights import Buffers

_GROW_AFTER = 2000


class Stepper:
    """Takes steps on one task; keeps on the device what the host need not know each step.

    On one processor looking is free (`looks`): whether a step is skipped is then decided here, with fewer operations.
    """

    def __init__(self, task: Task, config: TrainConfig, device: torch.device, dtype: torch.dtype, ranks: Ranks):
        self.task, self.device, self.dtype, self.ranks = task, device, dtype, ranks
        self.spread = spread(task, config.parallel, ranks)
        self.forward: Any = torch.compile(self.spread) if config.compile else self.spread
        self.optimizers = Optimizers(task.model, config.optimizer)
        self.buffers = Buffers(task.model)
        self.tally = Tally(device)
        self.looks = device.type == "cpu" and ranks.size == 1
        self.scale = torch.tensor([4096.0 if dtype == torch.float16 else 1.0, 0.0], device=device)

    def __call__(self, parts: list[Part], rate: float) -> Tensor:
        """Take one step over the micro-batches of this rank; return the loss, on the device."""
        self.optimizers.set_rate(rate)
        self.optimizers.zero_grad()
        self.buffers.keep()
        loss = self.backward([(part.batch.to(self.device), part.real) for part in parts])
        found_inf = self._unscale_and_clip()
        if not self.looks:
            self.optimizers.step(found_inf)
        elif not found_inf:
            self.optimizers.step()
        skipped = whole(found_inf)
        self.buffers.put_back(skipped)
        self.tally.add(loss, skipped)
        if self.dtype == torch.float16:
            self._rescale(skipped)
        return loss

    def tensors(self) -> dict[str, Tensor]:
        """Return the optimisers' state, the loss scale and the tally as named tensors."""
        kept = {name: whole(value) for name, value in self.optimizers.tensors().items()}
        return kept | {"scale": self.scale, "tally": self.tally.read()}

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Put back what `tensors` returned."""
        tensors = dict(tensors)
        self.scale.copy_(tensors.pop("scale"))
        self.tally.load(tensors.pop("tally"))
        self.optimizers.load(tensors)

    def backward(self, parts: list[tuple[Batch, float]]) -> Tensor:
        """Add the gradient of Σ weight · sum / count over all micro-batches and ranks; return this rank's share of
        it."""
        counts = self._counts(parts)
        losses = []
        for index, (batch, real) in enumerate(parts):
            with held_back(self.spread, hold=index < len(parts) - 1):
                with autocast(self.device, self.dtype):
                    terms = self.forward(batch)
                loss = added([term.sum * (term.weight * real / counts[name]) for name, term in terms.items()])
                scaled = loss * self.scale[0] if self.dtype == torch.float16 else loss
                scaled.backward()  # type: ignore[no-untyped-call]
            losses.append(loss.detach())
        return added(losses)

    def _counts(self, parts: list[tuple[Batch, float]]) -> dict[str, Any]:
        """Return the targets of each term in the whole step, at least 1."""
        found = [(self.task.counts(batch), real) for batch, real in parts]
        totals = {
            name: added([count[name] if real else 0 * count[name] for count, real in found]) for name in found[0][0]
        }
        if self.ranks.size > 1:
            totals = dict(zip(totals, self.ranks.sum(torch.stack(list(totals.values()))), strict=True))
        if self.looks:
            return {name: max(1.0, float(total)) for name, total in totals.items()}
        return {name: total.clamp(min=1.0) for name, total in totals.items()}

    def _unscale_and_clip(self) -> Tensor:
        """Clip the gradients; return 1.0 where they are not finite, else 0.0, on the device."""
        if self.dtype == torch.float16:
            grads = [p.grad for p in self.task.model.parameters() if p.grad is not None]
            torch._foreach_mul_(grads, 1 / self.scale[0])
        norm = self.optimizers.clip()
        return torch.tensor(float(not math.isfinite(norm))) if self.looks else (~torch.isfinite(norm)).float()

    def _rescale(self, found_inf: Tensor) -> None:
        """Move the loss scale (Micikevicius et al., "Mixed precision training", 2018)."""
        good = (self.scale[1] + 1) * (1 - found_inf)
        grow = torch.where(good >= _GROW_AFTER, 2.0, 1.0)
        self.scale[0] *= torch.where(found_inf > 0, 0.5, grow)
        self.scale[1] = good * (good < _GROW_AFTER)


def added(values: list[Tensor]) -> Tensor:
    """Return the sum of tensors of one shape; a single one costs nothing."""
    total: Tensor = sum(values[1:], start=values[0])
    return total
