"""Dropout by 16-bit draws: its rate, its scale, its gradient, its generator."""

import pytest
import torch

from fourfold.core.nn import Dropout, dropout


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_rate_and_the_expectation_are_those_asked_for(rate):
    torch.manual_seed(0)
    x = torch.ones(1_000_001)
    out = dropout(x, rate)
    spread = 5 * (rate * (1 - rate) / len(x)) ** 0.5
    assert (out == 0).float().mean().item() == pytest.approx(rate, abs=spread + 2**-17)
    assert out.max().item() == pytest.approx(1 / (1 - rate), rel=1e-4)
    assert out.mean().item() == pytest.approx(1, abs=spread / (1 - rate))


def test_neighbours_and_the_four_parts_of_a_draw_are_independent():
    torch.manual_seed(0)
    dropped = (dropout(torch.ones(400_000), 0.3) == 0).float().view(-1, 4)
    assert dropped.mean(0).tolist() == pytest.approx([0.3] * 4, abs=0.01)
    assert torch.corrcoef(dropped.T).triu(1).abs().max() < 0.02


@pytest.mark.parametrize("shape", [(), (0, 3), (5,), (3, 7), (2, 3, 4)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_gradient_falls_where_the_value_does(shape, dtype):
    x = torch.randn(shape, dtype=dtype, requires_grad=True)
    out = dropout(x, 0.5)
    out.sum().backward()
    assert out.shape == x.shape and out.dtype == dtype
    torch.testing.assert_close(out, x * x.grad)


def test_the_default_generator_decides():
    draws = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        draws.append(dropout(torch.ones(1000), 0.5))
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


@pytest.mark.parametrize("rate", [1e-9, 1 - 1e-9])
def test_rates_at_the_edges_give_numbers(rate):
    assert dropout(torch.ones(1000), rate).isfinite().all()


def test_nothing_falls_in_evaluation_or_at_rate_zero():
    x = torch.randn(10)
    assert Dropout(0.5).eval()(x) is x
    assert Dropout(0.0)(x) is x
