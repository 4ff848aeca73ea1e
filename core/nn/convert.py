"""Weights under other names: from and to the models of other libraries, by a literal table.

A table goes from our name to theirs, with `*` for the number of a layer. Several of theirs are stacked into
one of ours:

    {"layers.*.attention.qkv.weight": ("layer.*.query.weight", "layer.*.key.weight", "layer.*.value.weight")}
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ..errors import Damaged, NoSuchModel, UnsupportedModel, WrongWeights

Table = Mapping[str, tuple[str, ...]]


def convert(
    state: Mapping[str, Tensor],
    table: Table,
    target: Mapping[str, Tensor],
    *,
    source: str = "weights",
    fresh: Collection[str] = (),
) -> dict[str, Tensor]:
    """Return `state`, which uses their names, under the names, shapes and types of `target`, our state dict.

    What `fresh` names keeps the values of `target`. Raises ArtifactError, beginning with `source`, on a
    missing weight, an unexpected one or a wrong shape; dimensions of size 1 may come and go.

    >>> convert({"w": torch.ones(1, 2)}, {"weight": ("w",)}, {"weight": torch.zeros(2)})
    {'weight': tensor([1., 1.])}
    """
    names = {ours: _theirs(ours, table) for ours in target if ours not in fresh}
    wanted = [name for theirs in names.values() for name in theirs]
    _refuse(source, "missing", [name for name in wanted if name not in state])
    _refuse(source, "unexpected", sorted(set(state) - set(wanted)))
    out = {ours: target[ours] for ours in fresh}
    for ours, theirs in names.items():
        out[ours] = _stack([state[name] for name in theirs], target[ours], f"{source}: weight '{theirs[0]}'")
    return out


def export(
    state: Mapping[str, Tensor], table: Table, shapes: Mapping[str, tuple[int, ...]] | None = None
) -> dict[str, Tensor]:
    """Return our `state` under their names: what `convert` undoes; `shapes` are theirs where ours differ.

    >>> sorted(export({"kv": torch.ones(4, 1)}, {"kv": ("k", "v")}))
    ['k', 'v']
    """
    out: dict[str, Tensor] = {}
    for ours, tensor in state.items():
        theirs = _theirs(ours, table)
        for name, part in zip(theirs, tensor.chunk(len(theirs)), strict=True):
            out[name] = part.detach().clone().reshape((shapes or {}).get(name, part.shape))
    return out


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Read a safetensors file onto the CPU; pickled weights are refused, since reading them can run code."""
    path = Path(path)
    if path.suffix != ".safetensors":
        raise UnsupportedModel(f"{path}: only .safetensors files are read; save the model again in that format")
    if not path.is_file():
        raise NoSuchModel(f"{path}: no such file; check the path")
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise Damaged(f"{path}: not readable as safetensors ({error}); save it again") from None


def _theirs(ours: str, table: Table) -> tuple[str, ...]:
    number = re.search(r"\.(\d+)\.", ours)
    if number is None:
        return table[ours]
    pattern = f"{ours[: number.start()]}.*.{ours[number.end() :]}"
    return tuple(name.replace("*", number[1]) for name in table[pattern])


def _stack(parts: Sequence[Tensor], target: Tensor, where: str) -> Tensor:
    tensor = parts[0] if len(parts) == 1 else torch.cat(list(parts))
    if [size for size in tensor.shape if size != 1] != [size for size in target.shape if size != 1]:
        raise WrongWeights(
            f"{where} has the shape {tuple(tensor.shape)}, the configuration asks for {tuple(target.shape)}; "
            "give the configuration that it was trained with"
        )
    return tensor.to(target.dtype).reshape(target.shape)


def _refuse(source: str, what: str, names: Sequence[str]) -> None:
    if names:
        shown = ", ".join(f"'{name}'" for name in names[:3])
        shown += f" and {len(names) - 3} more" if len(names) > 3 else ""
        raise WrongWeights(
            f"{source}: {what} weights: {shown}; is this the kind of model that the configuration describes?"
        )
