"""What the machine can do at most, and the share of it that training reaches."""

from __future__ import annotations

import time

import torch

from .setting import Setting

_SIZES = (512, 1024, 2048)


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


def row_gflop(setting: Setting) -> float:
    """Return the GFLOP that training needs for a row, on average: 6 a weight and token, and attention's products.

    Counted is the whole model on real tokens, as the formula has it, not what ours leaves out in its last layer.
    """
    shape = setting.bert_config()
    width, layers = shape["hidden_size"], shape["num_hidden_layers"]
    weights = layers * (4 * width**2 + 2 * width * shape["intermediate_size"])
    lengths = setting.features.source(setting.split.train).lengths
    return float((6 * weights * lengths + 12 * layers * width * lengths**2).mean()) / 1e9
