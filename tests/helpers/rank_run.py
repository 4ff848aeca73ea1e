"""Run under torchrun: the gradients of one step, and the logits after a short run, written by rank 0."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from toy import ToySource

from fourfold.core.batch import Batch
from fourfold.core.nn import Encoder, TransformerConfig
from fourfold.core.training import Classification, TrainConfig, Trainer, predict
from fourfold.core.training.distributed import Ranks, joined, whole
from fourfold.core.training.sampling import Plan, Steps
from fourfold.core.training.step import Stepper

CPU = torch.device("cpu")


class SmallTransformer(nn.Module):
    """An encoder over ragged rows, so that FSDP2 has layers to shard, and a buffer, which it does not."""

    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(8, 16)
        self.encoder = Encoder(TransformerConfig(width=16, num_layers=2, num_heads=2, dropout=0.0))
        self.register_buffer("scale", torch.linspace(0.5, 1.5, 16))
        self.head = nn.Linear(16, 2)

    def forward(self, batch: Batch) -> Tensor:
        keep = batch["keep"]
        x = self.encoder(self.inner(batch["values"]), keep)
        pooled = (x * keep[:, :, None]).sum(1) / keep.sum(1, keepdim=True)
        logits: Tensor = self.head(pooled * self.scale)
        return logits


def make_task() -> Classification:
    torch.manual_seed(0)
    return Classification(SmallTransformer())


def main(out: Path, parallel: Any) -> None:
    torch.set_num_threads(1)
    source = ToySource(37)
    config = TrainConfig(epochs=4, batch_rows=9, accumulate=2, precision="float32", parallel=parallel, ema=0.9)
    with joined(CPU) as ranks:
        tensors = one_step(source, config, ranks) | short_run(source, config)
    if ranks.main:
        save_file({name: value.contiguous() for name, value in tensors.items()}, out)


def one_step(source: ToySource, config: TrainConfig, ranks: Ranks) -> dict[str, Tensor]:
    """Return the loss and the gradients of the last batch of the first epoch."""
    task = make_task()
    stepper = Stepper(task, config, CPU, torch.float32, ranks)
    plan = Plan(source.lengths, len(source), seed=0, batch_rows=9)
    steps = Steps(source, plan, len(plan), accumulate=2, rank=ranks.rank, ranks=ranks.size)
    loss = ranks.sum(stepper.backward([(part.batch, part.real) for part in steps[len(plan) - 1]]))
    found = {name: whole(p.grad) for name, p in task.model.named_parameters() if p.grad is not None}
    return found | {"loss": loss}


def short_run(source: ToySource, config: TrainConfig) -> dict[str, Tensor]:
    """Return the logits after a run of a few epochs."""
    task = make_task()
    Trainer(config, CPU).fit(task, source)
    return {"logits": torch.from_numpy(predict(task, source, CPU)).log()}  # type: ignore[arg-type]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
