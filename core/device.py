"""Which device, which precision, how many threads: settled once, before the first step."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from .errors import NoSuchDevice, UnknownName

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
"""What matrix products are computed in, by name."""

_META = "meta"


def pick_device(name: str = "auto") -> torch.device:
    """Return the device of that name; `auto` is the accelerator if there is one, else the processor."""
    try:
        found = torch.accelerator.current_accelerator(check_available=True) if name == "auto" else torch.device(name)
        device = found or torch.device("cpu")
    except RuntimeError:
        raise NoSuchDevice(f"device '{name}' is unknown; write auto, cpu, cuda or cuda:0") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise NoSuchDevice(f"device '{name}' is not available here; write auto or cpu")
    if device.type == "cuda" and device.index is None:
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))  # torchrun gives each rank its own
        torch.cuda.set_device(device)
    return device


def pick_precision(name: str, device: torch.device) -> torch.dtype:
    """Return the dtype of matrix products: `auto` is bfloat16 where the hardware has it, else float32.

    An older CUDA device computes in float16. Raises ConfigError for another name.
    """
    if name != "auto":
        if name not in PRECISIONS:
            raise UnknownName(f"precision '{name}' is unknown; write auto, {', '.join(PRECISIONS)}")
        return PRECISIONS[name]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    return torch.bfloat16 if device.type == "cpu" and cpu_has_bfloat16() else torch.float32


def cpu_has_bfloat16() -> bool:
    """Say whether the processor multiplies bfloat16 matrices in hardware (AVX512-bf16 or AMX)."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def autocast(device: torch.device, dtype: torch.dtype) -> torch.autocast:
    """Return the context in which models run: autocast to `dtype`, or nothing for float32."""
    return torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32)


@contextlib.contextmanager
def without_memory() -> Iterator[None]:
    """Make tensors that have shapes and types alone, in models that are built in this context.

    They take no memory, whatever sizes a configuration names, and are filled with nothing.

    >>> with without_memory():
    ...     weight = torch.nn.Embedding(10**9, 10**6).weight
    >>> weight.device, tuple(weight.shape)
    (device(type='meta'), (1000000000, 1000000))
    """
    with torch.device(_META), _Unfilled():
        yield


class _Unfilled(TorchFunctionMode):
    """Leaves out what torch works out for tensors without memory by its compiler alone, whose import takes a second:
    normal numbers, of which `init` is a function of its own, and those in a row.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = kwargs or {}
        if func in (torch.nn.init.normal_, torch.Tensor.normal_):
            return args[0] if args else given["tensor"]
        if func is torch.arange and given.get("device") is None and all(isinstance(one, int) for one in args):
            return torch.empty(len(range(*args)), dtype=given.get("dtype") or torch.int64, device=_META)
        return func(*args, **given)
