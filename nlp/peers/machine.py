"""The arithmetic that training needs."""

from __future__ import annotations

from .setting import Setting


def row_gflop(setting: Setting) -> float:
    """Return the GFLOP that training needs for a row, on average: 6 a weight and token, and attention's products.

    Counted is the whole model on real tokens, as the formula has it, not what ours leaves out in its last layer.
    """
    shape = setting.bert_config()
    width, layers = shape["hidden_size"], shape["num_hidden_layers"]
    weights = layers * (4 * width**2 + 2 * width * shape["intermediate_size"])
    lengths = setting.features.source(setting.split.train).lengths
    return float((6 * weights * lengths + 12 * layers * width * lengths**2).mean()) / 1e9
