"""The arithmetic of docs/scaling.md: `python -m fourfold.core.benchmark.scaling` prints its tables.

Bytes are counted for weights in float32 and matrix products in bfloat16, as the trainer has them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor

from ..nn import EncoderLayer, TransformerConfig

FLOAT = 4


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What the plan assumes of a device, an H100: operations a second in bfloat16 and the `share` of them that training
    reaches, and the bytes a second that it sends `inside` a machine (NVLink) and `between` machines (400 Gbit/s each).
    """

    peak: float = 989e12
    share: float = 0.4
    inside: float = 450e9
    between: float = 50e9


@dataclass(frozen=True, kw_only=True)
class Work:
    """A model whose `layers` are of one kind, over which each rank sends `tokens` a step.

    Of its parameters those that are `looked_up`, embeddings, take part in no product.
    """

    name: str
    parameters: int
    looked_up: int
    layers: int
    layer: TransformerConfig
    tokens: int


RECOGNISER = Work(
    name="recogniser `base`",
    parameters=11_319_224,
    looked_up=256_000,
    layers=8,
    layer=TransformerConfig(width=256, num_heads=4, convolution=9),
    tokens=5_000,
)
"""The preset of `fourfold speech` with 1,000 pieces of words; a token is 40 ms. What the two layers of its decoder keep
is left out."""

TEXT = Work(
    name="text, 336 M",
    parameters=335_609_858,
    looked_up=33_294_336,
    layers=24,
    layer=TransformerConfig(width=1024, num_heads=16),
    tokens=16_384,
)
"""`fourfold nlp` with 24 layers of width 1,024, 32,000 words, 512 places, two segments and two classes."""

CLICKS = Work(
    name="clicks, 10 M rows",
    parameters=170_000_000 + 490_000,
    looked_up=170_000_000,
    layers=0,
    layer=TransformerConfig(),
    tokens=4_096,
)
"""A dense table of 10 M rows of width 16, with the weights of the first order, below a perceptron of 400 × 3."""

WORKS = (RECOGNISER, TEXT, CLICKS)


def memory(work: Work, ranks: int, parallel: str, *, checkpoint: bool = False) -> dict[str, float]:
    """Return the bytes on each device: the parts, their sum in a step, and what is there while a checkpoint is saved.

    `checkpoint` is `model.encoder.checkpoint`: a layer's input is kept, and one layer's activations at a time.
    """
    shards = ranks if parallel == "fsdp" else 1
    whole = work.parameters * FLOAT
    buckets = whole if parallel == "ddp" else 0
    state = {"weights": whole / shards, "gradients": whole / shards + buckets, "moments": 2 * whole / shards}
    layer = activation_bytes(work.layer)
    token = layer + work.layers * work.layer.width * FLOAT if checkpoint else work.layers * layer
    # Whole on every device: the best weights, what a checkpoint gathers, and the copies in bfloat16 that products keep.
    found = state | {"best": float(whole), "activations": work.tokens * token}
    gathered = whole + 2 * whole if parallel == "fsdp" else 0
    found["casts"] = 2.0 * (work.parameters - work.looked_up)
    return found | {"step": sum(found.values()), "save": sum(state.values()) + whole + gathered}


def traffic(work: Work, ranks: int, parallel: str) -> float:
    """Return the bytes that each rank sends in a step, by rings.

    DDP's all-reduce sends the gradients twice; FSDP2 gathers the weights for the forward and the backward pass, and
    scatters the sums of the gradients: once each.
    """
    return (2 if parallel == "ddp" else 3) * (ranks - 1) / ranks * work.parameters * FLOAT


def seconds(work: Work, ranks: int, parallel: str, machine: Machine) -> tuple[float, float]:
    """Return the seconds of a step's matrix products, 6 operations a weight and token, and of its traffic."""
    rate = machine.inside if ranks <= 8 else machine.between
    return 6 * (work.parameters - work.looked_up) * work.tokens / (machine.peak * machine.share), traffic(
        work, ranks, parallel
    ) / rate


def activation_bytes(config: TransformerConfig) -> float:
    """Return the bytes a token that a layer keeps for its backward pass, counted on one that runs.

    The weights of attention, which grow with the length, are left out: the kernels of GPUs keep none.
    """

    def a_token(length: int) -> float:
        few, more = (_kept(config, rows, length) for rows in (1, 2))
        return (more - few) / length

    return 2 * a_token(32) - a_token(64)


def _kept(config: TransformerConfig, rows: int, length: int) -> int:
    """Return the bytes of all storages that are saved for the backward pass, those of the weights among them."""
    storages: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        storages[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    layer = EncoderLayer(config).train()
    x_BLD = torch.zeros(rows, length, config.width, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), torch.autocast("cpu", torch.bfloat16):
        out = layer(x_BLD)
    del out
    return sum(tensor.untyped_storage().nbytes() for tensor in storages.values())


def tables(machine: Machine | None = None) -> str:
    """Return the tables of the page."""
    machine = machine or Machine()
    names = ("weights", "gradients", "moments", "best", "casts", "activations", "step", "save")
    memories = [f"| GB on each device | ranks | | {' | '.join(names)} |", "|---" * (len(names) + 3) + "|"]
    steps = ["| a step | ranks | | sent by each rank, GB | products, ms | traffic, ms |", "|---" * 6 + "|"]
    for work, ranks, parallel in itertools.product(WORKS, (8, 64), ("ddp", "fsdp")):
        found = memory(work, ranks, parallel)
        start = f"| {work.name} | {ranks} | {parallel} | "
        memories.append(start + " | ".join(f"{found[name] / 1e9:.2f}" for name in names) + " |")
        products, moving = (1e3 * one for one in seconds(work, ranks, parallel, machine))
        steps.append(start + f"{traffic(work, ranks, parallel) / 1e9:.2f} | {products:.1f} | {moving:.1f} |")
    return "\n".join([*memories, "", *steps])


if __name__ == "__main__":
    print(tables())
