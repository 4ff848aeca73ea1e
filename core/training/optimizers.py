"""Fused AdamW for what is dense, row-wise Adagrad for tables with sparse gradients, behind one step.

A step whose gradient is not finite is skipped on the device: no optimiser waits for the host to look.
"""

from __future__ import annotations

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
        groups = weight_decay_groups(model, config.weight_decay)
        self.parts: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(groups, lr=config.lr, betas=(config.beta1, config.beta2), eps=config.eps, fused=True)
        ]
        self.peaks = [config.lr]
        if self.tables:
            self.parts.append(RowAdagrad(self.tables, lr=config.table_lr))
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


class RowAdagrad(torch.optim.Optimizer):
    """Adagrad with one accumulator a row, for embedding tables with sparse gradients.

    The accumulator takes the mean square of a row's gradient (Naumov et al., "DLRM", 2019, and FBGEMM's
    `EXACT_ROWWISE_ADAGRAD`): memory and time follow the rows of the batch, not those of the table.
    """

    found_inf: Tensor | None = None

    def __init__(self, params: Iterable[Tensor], lr: float = 0.05, eps: float = 1e-8):
        super().__init__(params, {"lr": lr, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, group)

    def _update(self, parameter: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if not state:
            state["sum"] = torch.zeros(len(parameter), device=parameter.device)
        grad = parameter.grad.coalesce()  # type: ignore[union-attr]
        rows, values = grad.indices()[0], grad.values()
        if self.found_inf is not None:
            values = torch.where(self.found_inf > 0, torch.zeros_like(values), values)
        total = state["sum"].index_add_(0, rows, values.square().mean(-1))[rows]
        step = values / (total.sqrt() + group["eps"])[:, None]
        parameter.index_add_(0, rows, step, alpha=-group["lr"])


def weight_decay_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Split the dense parameters: matrices decay; biases, norms, embeddings and positions do not."""
    spared = {id(p) for module in model.modules() if isinstance(module, nn.Embedding) for p in module.parameters()}
    sparse = {id(p) for p in _sparse(model)}
    dense = [p for p in _trainable(model) if id(p) not in sparse]
    decays = [p for p in dense if p.ndim >= 2 and id(p) not in spared]
    rest = [p for p in dense if p.ndim < 2 or id(p) in spared]
    return [{"params": decays, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]


def _trainable(model: nn.Module) -> list[Tensor]:
    return [p for p in model.parameters() if p.requires_grad]


def _sparse(model: nn.Module) -> list[Tensor]:
    tables = (module for module in model.modules() if isinstance(module, nn.Embedding) and module.sparse)
    return list({id(table.weight): table.weight for table in tables}.values())


def _parameters(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [p for group in optimizer.param_groups for p in group["params"]]
