"""The feed-forward sublayer by its formulas."""

import pytest
import torch
from torch.nn import functional as F

from fourfold.core.nn import FeedForward


def test_swiglu_is_its_formula():
    torch.manual_seed(0)
    layer, x_BLD = FeedForward(4, 6, "swiglu", bias=False), torch.randn(2, 3, 4)
    gate, value = layer.up.weight[:6], layer.up.weight[6:]
    want = (F.silu(x_BLD @ gate.T) * (x_BLD @ value.T)) @ layer.down.weight.T
    torch.testing.assert_close(layer(x_BLD), want)


@pytest.mark.parametrize("activation", ["gelu", "relu", "swiglu"])
def test_weights_start_at_glorots_scale(activation):
    torch.manual_seed(0)
    layer = FeedForward(64, 256, activation)
    for weight in (*torch.split(layer.up.weight, 256), layer.down.weight):
        assert weight.std().item() == pytest.approx((2 / 320) ** 0.5, rel=0.03)
    assert layer.up.bias.eq(0).all()
