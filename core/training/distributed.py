"""Several processes under torchrun: one rank each, gradients summed, rank 0 decides and writes.

DDP by default, FSDP2 by a flag; gloo on processors, NCCL on CUDA. Every reduction is a SUM: the loss is normalised by
the global counts already, and FSDP2's averaging on gloo is wrong in some releases of torch.
"""

import contextlib
import io
import os
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from ..batch import Batch
from ..errors import Unsupported, WrongUsage
from .task import Task, Term

_LAST_WORDS = 0.2


class Saved(Protocol):
    """What can be written to a folder."""

    def save(self, folder: Path) -> Any: ...


@dataclass(frozen=True)
class Ranks:
    """Who this process is among those that train together; `Ranks()` is a process alone."""

    rank: int = 0
    size: int = 1

    @property
    def main(self) -> bool:
        """Whether this process writes files and speaks."""
        return self.rank == 0

    def sum(self, tensor: Tensor) -> Tensor:
        """Sum a tensor over the ranks, in place."""
        if self.size > 1:
            dist.all_reduce(tensor)
        return tensor

    def from_main(self, value: float, device: torch.device) -> float:
        """Return rank 0's value on every rank, so that all take the same decision."""
        if self.size == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64, device=device)
        dist.broadcast(shared, src=0)
        return float(shared.item())

    def bytes_from_main(self, content: bytes, device: torch.device) -> bytes:
        """Return rank 0's bytes on every rank."""
        size = int(self.from_main(len(content), device))
        if self.size == 1 or not size:
            return content if self.main else b""
        shared = torch.zeros(size, dtype=torch.uint8, device=device)
        if self.main:
            shared.copy_(torch.frombuffer(bytearray(content), dtype=torch.uint8))
        dist.broadcast(shared, src=0)
        return shared.cpu().numpy().tobytes()

    def text_from_main(self, text: str, device: torch.device) -> str:
        """Return rank 0's text on every rank."""
        return self.bytes_from_main(text.encode(), device).decode()

    def wait(self) -> None:
        """Wait until every rank is here."""
        if self.size > 1:
            dist.barrier()


def learned_by_main(found: Saved, load: Callable[[Path], Any], ranks: Ranks, device: torch.device) -> Any:
    """Return what rank 0 found on every rank, which need not share a disk.

    What ranks learn from the same data, each by itself, may differ in the last digits, and then they train apart.
    """
    if ranks.size == 1:
        return found
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if ranks.main:
            found.save(folder)
            with zipfile.ZipFile(packed, "w") as archive:
                for path in sorted(folder.rglob("*")):
                    archive.write(path, path.relative_to(folder))
        packed = io.BytesIO(ranks.bytes_from_main(packed.getvalue(), device))
        if ranks.main:
            return found
        zipfile.ZipFile(packed).extractall(folder)
        return load(folder)


@contextlib.contextmanager
def joined(device: torch.device) -> Iterator[Ranks]:
    """Join the process group that torchrun announces in the environment, if any; leave it at the end if joined here."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Ranks()
        return
    fresh = not dist.is_initialized()
    if fresh:
        store, rank, size = _meeting_place()
        backend = "nccl" if device.type == "cuda" else "gloo"
        dist.init_process_group(backend, store=store, rank=rank, world_size=size)
    try:
        yield Ranks(dist.get_rank(), dist.get_world_size())
    finally:
        if fresh:
            dist.destroy_process_group()
            # torch's caches keep gloo's threads alive. One may still free the last gathered tensor, for which it needs
            # the interpreter: if that has begun to end by then, the process aborts (seen in 1 of 30 runs of FSDP2).
            if device.type == "cpu":
                time.sleep(_LAST_WORDS)


def _meeting_place() -> tuple[Store, int, int]:
    """Return where the ranks tell each other their addresses, this rank, and how many there are.

    torchrun keeps one store for all its restarts, in which a restarted rank would read the addresses of ranks that are
    gone (github.com/pytorch/pytorch/issues/135712). On one machine all count the restarts alike; on several they do
    not, and need a store for each.
    """
    restarts, several = os.environ.get("TORCHELASTIC_MAX_RESTARTS", "0"), os.environ.get("GROUP_WORLD_SIZE", "1") != "1"
    if several and restarts != "0" and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True":
        raise WrongUsage(
            f"torchrun --max-restarts={restarts} on several machines needs TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 in the "
            "environment of every torchrun, or a restarted rank looks for ranks that are gone"
        )
    store, rank, size = next(iter(rendezvous("env://")))
    attempt = "0" if several else os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    return PrefixStore(f"attempt {attempt}", store), rank, size


class Forward(nn.Module):
    """A task's loss as a module, so that DDP sees one forward pass whatever the domain."""

    def __init__(self, task: Task):
        super().__init__()
        self.model = task.model
        self._loss = task.loss

    def forward(self, batch: Batch) -> dict[str, Term]:
        return self._loss(batch)


def spread(task: Task, parallel: str, ranks: Ranks) -> nn.Module:
    """Return the forward pass of a task over all ranks; alone, just the task's own."""
    if ranks.size == 1:
        return Forward(task)
    if any(isinstance(module, nn.Embedding) and module.sparse for module in task.model.modules()):
        raise Unsupported(
            "tables with sparse gradients train in one process only; set model.sparse_rows=0 under torchrun"
        )
    if parallel == "fsdp":
        _shard(task.model)
        return Forward(task)
    with warnings.catch_warnings():
        # The new name, forward_sync_buffers, is not in all releases that the package allows.
        warnings.filterwarnings("ignore", "`broadcast_buffers` is deprecated", FutureWarning)
        wrapped = DistributedDataParallel(Forward(task), broadcast_buffers=False)
    wrapped.register_comm_hook(None, _sum_bucket)
    return wrapped


def _sum_bucket(state: None, bucket: dist.GradBucket) -> torch.futures.Future[Tensor]:  # type: ignore[name-defined]
    work = dist.all_reduce(bucket.buffer(), async_op=True)
    return work.get_future().then(lambda future: future.value()[0])


def _shard(model: nn.Module) -> None:
    """Shard every layer of the core, then the rest, by FSDP2 (Zhao et al., "PyTorch FSDP", 2023)."""
    from torch.distributed.fsdp import fully_shard

    from ..nn import DecoderLayer, EncoderLayer

    layers = [module for module in model.modules() if isinstance(module, EncoderLayer | DecoderLayer)]
    for module in (*layers, model):
        # By default the root stays whole after a forward pass, and evaluation would leave plain tensors in the model.
        shard: Any = fully_shard(module, reshard_after_forward=True)
        shard.set_gradient_divide_factor(1.0)
        shard.set_force_sum_reduction_for_comms(True)


@contextlib.contextmanager
def held_back(forward: nn.Module, hold: bool) -> Iterator[None]:
    """Keep gradients local while `hold`: all micro-batches of a step but the last."""
    if hold and isinstance(forward, DistributedDataParallel):
        with forward.no_sync():
            yield
    else:
        yield


def whole(tensor: Tensor) -> Tensor:
    """Gather a sharded tensor; every rank must call it. A plain tensor passes through."""
    if type(tensor) in (Tensor, nn.Parameter):
        return tensor.detach()
    from torch.distributed.tensor import DTensor

    full: Tensor = tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
    return full.detach()


def like(value: Tensor, template: Tensor) -> Tensor:
    """Shard a whole tensor as `template` is, or move it to the template's device."""
    from torch.distributed.tensor import DTensor, distribute_tensor

    if isinstance(template, DTensor):
        return distribute_tensor(value.to(template.device), template.device_mesh, template.placements)
    return value.to(template.device)
