"""One optimiser step: micro-batches forward and backward, normalised by global counts, clipped, taken or skipped."""

from __future__ import annotations

import torch
from torch import Tensor

from ..batch import Batch
from ..device import autocast
from .config import TrainConfig
from .distributed import Ranks, held_back, spread, whole
from .optimizers import Optimizers
from .sampling import Part
from .task import Task

_GROW_AFTER = 2000


class Stepper:
    """Takes steps on one task; keeps on the device what the host need not know each step.

    `counters` holds the summed loss since it was last read, the steps in it, the steps skipped in all, and those
    skipped in a row.
    """

    def __init__(self, task: Task, config: TrainConfig, device: torch.device, dtype: torch.dtype, ranks: Ranks):
        self.task, self.device, self.dtype, self.ranks = task, device, dtype, ranks
        self.forward = spread(task, config.parallel, ranks)
        if config.compile:
            self.forward = torch.compile(self.forward)  # type: ignore[assignment]
        self.optimizers = Optimizers(task.model, config.optimizer)
        self.counters = torch.zeros(4, device=device)
        self.scale = torch.tensor([4096.0 if dtype == torch.float16 else 1.0, 0.0], device=device)

    def __call__(self, parts: list[Part], rate: float) -> Tensor:
        """Take one step over the micro-batches of this rank; return the loss, on the device."""
        self.optimizers.set_rate(rate)
        self.optimizers.zero_grad()
        loss = self.backward([(part.batch.to(self.device), part.real) for part in parts])
        found_inf = self._unscale_and_clip()
        self.optimizers.step(found_inf)
        self._count(loss, whole(found_inf))
        return loss

    def tensors(self) -> dict[str, Tensor]:
        """Return the optimisers' state, the loss scale and the counters as named tensors."""
        kept = {name: whole(value) for name, value in self.optimizers.tensors().items()}
        return kept | {"scale": self.scale, "counters": self.counters}

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Put back what `tensors` returned."""
        tensors = dict(tensors)
        self.scale.copy_(tensors.pop("scale"))
        self.counters.copy_(tensors.pop("counters"))
        self.optimizers.load(tensors)

    def backward(self, parts: list[tuple[Batch, float]]) -> Tensor:
        """Add the gradient of Σ weight · sum / count over all micro-batches and ranks; return this rank's share of
        it."""
        counts = self._counts(parts)
        loss = torch.zeros((), device=self.device)
        for index, (batch, real) in enumerate(parts):
            with held_back(self.forward, hold=index < len(parts) - 1):
                with autocast(self.device, self.dtype):
                    terms = self.forward(batch)
                share = sum(term.weight * real * term.sum / counts[name] for name, term in terms.items())
                assert isinstance(share, Tensor)
                scaled = share * self.scale[0] if self.dtype == torch.float16 else share
                scaled.backward()  # type: ignore[no-untyped-call]
            loss += share.detach()
        return loss

    def _counts(self, parts: list[tuple[Batch, float]]) -> dict[str, Tensor]:
        totals: dict[str, Tensor] = {}
        for batch, real in parts:
            for name, count in self.task.counts(batch).items():
                totals[name] = totals.get(name, 0) + count * real
        joined = self.ranks.sum(torch.stack([value.float() for value in totals.values()]))
        return dict(zip(totals, joined.clamp(min=1.0), strict=True))

    def _unscale_and_clip(self) -> Tensor:
        """Clip the gradients; return 1.0 where they are not finite, else 0.0, on the device."""
        if self.dtype == torch.float16:
            grads = [p.grad for p in self.task.model.parameters() if p.grad is not None]
            torch._foreach_mul_(grads, 1 / self.scale[0])
        norm = self.optimizers.clip()
        return (~torch.isfinite(norm)).float()

    def _count(self, loss: Tensor, found_inf: Tensor) -> None:
        good = 1 - found_inf
        self.counters[0] += torch.where(found_inf > 0, 0.0, loss)
        self.counters[1] += good
        self.counters[2] += found_inf
        self.counters[3] = (self.counters[3] + 1) * found_inf
        if self.dtype == torch.float16:
            self._rescale(found_inf)

    def _rescale(self, found_inf: Tensor) -> None:
        """Move the loss scale (Micikevicius et al., "Mixed precision training", 2018)."""
        good = (self.scale[1] + 1) * (1 - found_inf)
        grow = torch.where(good >= _GROW_AFTER, 2.0, 1.0)
        self.scale[0] *= torch.where(found_inf > 0, 0.5, grow)
        self.scale[1] = good * (good < _GROW_AFTER)
