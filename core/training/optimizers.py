"""Fused AdamW for what is dense, row-wise Adagrad or Adam for tables with sparse gradients, behind one step.

A step whose gradient is not finite is skipped on the device: no optimiser waits for the host to look.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from .config import OptimizerConfig
from .distributed import like


class Optimizers:
    """The optimisers of one model as one: `zero_grad`, `clip`, `step`, and tensors to save."""

    def __init__(self, model: nn.Module, config: OptimizerConfig):
        self.clip_norm = config.clip
        self.tables = _sparse(model)
        tables = {id(table) for table in self.tables}
        self.dense = [p for p in _trainable(model) if id(p) not in tables]
        groups = decay_groups(model, config)
        self.parts: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(groups, lr=config.lr, betas=(config.beta1, config.beta2), eps=config.eps, fused=True)
        ]
        self.peaks = [config.lr]
        if self.tables:
            self.parts.append(_ROWWISE[config.sparse](self.tables, config))
            self.peaks.append(config.table_lr)

    def set_rate(self, share: float) -> None:
        """Set every learning rate to its peak times `share`."""
        for part, peak in zip(self.parts, self.peaks, strict=True):
            for group in part.param_groups:
                group["lr"] = peak * share

    def zero_grad(self) -> None:
        for parameter in (*self.dense, *self.tables):
            parameter.grad = None

    def clip(self) -> Tensor:
        """Scale the dense gradients to the clipping norm; return their norm before, on the device.

        It is not finite where any gradient is not, those of the tables included.
        """
        grads = [p.grad for p in self.dense if p.grad is not None]
        norm = nn.utils.get_total_norm(grads, foreach=True)
        if self.clip_norm:
            nn.utils.clip_grads_with_norm_(self.dense, self.clip_norm, norm, foreach=True)
        for table in self.tables:
            if table.grad is not None:
                norm = norm + 0 * table.grad._values().sum()  # 0 · inf and 0 · nan are nan
        return norm

    def step(self, found_inf: Tensor | None = None) -> None:
        """Take one step, or none where `found_inf` (float, 0 or 1) is 1; nothing waits for its value."""
        for part in self.parts:
            part.found_inf = found_inf  # type: ignore[attr-defined]
            part.step()

    def tensors(self) -> dict[str, Tensor]:
        """Return the state as named tensors, in the order of the parameters."""
        return {
            f"{part}.{index}.{name}": value
            for part, optimizer in enumerate(self.parts)
            for index, parameter in enumerate(_parameters(optimizer))
            for name, value in optimizer.state[parameter].items()
        }

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Put back what `tensors` returned."""
        for optimizer in self.parts:
            optimizer.state.clear()
        for key, value in tensors.items():
            part, index, name = key.split(".", 2)
            parameter = _parameters(self.parts[int(part)])[int(index)]
            kept = like(value, parameter) if value.shape == parameter.shape else value.to(parameter.device)
            self.parts[int(part)].state[parameter][name] = kept


class Rowwise(torch.optim.Optimizer, ABC):
    """What moves the rows of a batch alone: the base of the optimisers of tables with sparse gradients."""

    found_inf: Tensor | None = None

    def __init__(self, params: Iterable[Tensor], config: OptimizerConfig):
        self.config = config
        super().__init__(params, {"lr": config.table_lr})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    rows, values = _summed(parameter.grad)
                    kept = parameter.new_ones(())
                    if self.found_inf is not None:
                        kept = 1 - self.found_inf
                        values = torch.where(kept > 0, values, torch.zeros_like(values))
                    self.move(parameter, rows, values, group["lr"], kept)

    @abstractmethod
    def move(self, parameter: Tensor, rows: Tensor, grad: Tensor, lr: float, kept: Tensor) -> None:
        """Move different `rows` of a table by their gradients; nothing moves where `kept` is 0."""


class RowAdagrad(Rowwise):
    """Adagrad with one accumulator a row, for embedding tables with sparse gradients.

    The accumulator takes the mean square of a row's gradient (Naumov et al., "DLRM", 2019, and FBGEMM's
    `EXACT_ROWWISE_ADAGRAD`): memory and time follow the rows of the batch, not those of the table.
    """

    def move(self, parameter: Tensor, rows: Tensor, grad: Tensor, lr: float, kept: Tensor) -> None:
        state = self.state[parameter]
        if not state:
            state["sum"] = parameter.new_zeros(len(parameter))
        total = state["sum"].index_select(0, rows).add_(grad.square().mean(-1))
        state["sum"].index_copy_(0, rows, total)
        _add(parameter, rows, grad, total.sqrt().add_(self.config.eps)[:, None], -lr)


class RowAdam(Rowwise):
    """Adam whose moments move with the rows of a batch alone, those of the others standing still (`SparseAdam`)."""

    def move(self, parameter: Tensor, rows: Tensor, grad: Tensor, lr: float, kept: Tensor) -> None:
        state, config = self.state[parameter], self.config
        if not state:
            state |= {"mean": torch.zeros_like(parameter), "square": torch.zeros_like(parameter)}
            state["step"] = parameter.new_zeros(1)
        state["step"] += kept
        moments = []
        for name, beta, value in (("mean", config.beta1, grad), ("square", config.beta2, grad.square())):
            before = state[name].index_select(0, rows)
            now = torch.lerp(before, value, (1 - beta) * kept)
            state[name].index_copy_(0, rows, now)
            moments.append(now / (1 - beta ** state["step"]).clamp(min=1 - beta))
        mean, square = moments
        _add(parameter, rows, kept * mean, square.sqrt() + config.eps, -lr)


def _add(table: Tensor, rows: Tensor, above: Tensor, below: Tensor, share: float) -> None:
    """Add share · above / below to different rows of a table: out and back takes half of what `index_add_` does."""
    table.index_copy_(0, rows, table.index_select(0, rows).addcdiv_(above, below, value=share))


def _summed(grad: Tensor) -> tuple[Tensor, Tensor]:
    """Return the different rows of a sparse gradient, and the sum of each; where rows ascend, as they come from a
    `FusedTable`, they differ."""
    rows = grad._indices()[0]
    if rows.device.type == "cpu" and bool((rows[1:] > rows[:-1]).all()):
        return rows, grad._values()
    grad = grad.coalesce()
    return grad.indices()[0], grad.values()


_ROWWISE: dict[str, type[Rowwise]] = {"adagrad": RowAdagrad, "adam": RowAdam}


def decay_groups(model: nn.Module, config: OptimizerConfig) -> list[dict[str, Any]]:
    """Split the dense parameters: matrices decay; biases, norms and positions do not; embeddings have their penalty."""
    embeddings = {id(p) for module in model.modules() if isinstance(module, nn.Embedding) for p in module.parameters()}
    sparse = {id(p) for p in _sparse(model)}
    dense = [p for p in _trainable(model) if id(p) not in sparse]
    decays = [p for p in dense if p.ndim >= 2 and id(p) not in embeddings]
    rest = [p for p in dense if p.ndim < 2 and id(p) not in embeddings]
    tables = [p for p in dense if id(p) in embeddings]
    groups = [
        {"params": decays, "weight_decay": config.weight_decay},
        {"params": rest, "weight_decay": 0.0},
        {"params": tables, "weight_decay": config.table_l2, "decoupled_weight_decay": False},
    ]
    return [group for group in groups if group["params"]]


def _trainable(model: nn.Module) -> list[Tensor]:
    return [p for p in model.parameters() if p.requires_grad]


def _sparse(model: nn.Module) -> list[Tensor]:
    tables = (module for module in model.modules() if isinstance(module, nn.Embedding) and module.sparse)
    return list({id(table.weight): table.weight for table in tables}.values())


def _parameters(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [p for group in optimizer.param_groups for p in group["params"]]
