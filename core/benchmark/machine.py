"""What the machine can do at most."""

from __future__ import annotations

import time

import torch

from ..device import cpu_has_bfloat16

_SIZES = (512, 1024, 2048)


def peak_share(gflops: float) -> dict[str, float]:
    """Return the peak in the precision that training takes on this processor, and the share of it that `gflops` is."""
    peak = matrix_peak(torch.bfloat16 if cpu_has_bfloat16() else torch.float32)
    return {"peak_gflops": round(peak, 1), "peak_share": round(gflops / peak, 3)}


def matrix_peak(dtype: torch.dtype, repeats: int = 5) -> float:
    """Return the most GFLOP/s of torch.mm over a few sizes."""
    return max(_rate(size, dtype, repeats) for size in _SIZES)


def _rate(size: int, dtype: torch.dtype, repeats: int) -> float:
    one, two = (torch.randn(size, size).to(dtype) for _ in range(2))
    torch.mm(one, two)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        torch.mm(one, two)
        times.append(time.perf_counter() - start)
    return 2 * size**3 / min(times) / 1e9
