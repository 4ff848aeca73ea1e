"""The average of the weights against its formula, and its way into the model and back."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from fourfold.core.training.average import Average


def model(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def floats(network: nn.Module) -> dict[str, Tensor]:
    """The parameters, and the statistics of the batch norm."""
    return {name: value for name, value in network.state_dict().items() if value.is_floating_point()}


def move(network: nn.Module, step: int) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(step)
    for value in floats(network).values():
        value.add_(torch.randn(value.shape, generator=random))
    return {name: value.clone() for name, value in floats(network).items()}


@pytest.mark.parametrize("decay", [0.3, 0.999])
def test_the_average_against_its_formula(decay: float) -> None:
    network = model()
    average = Average(network, decay)
    expected = {name: value.double() for name, value in floats(network).items()}
    for step in range(30):
        now = move(network, step)
        keep = min(decay, (1 + step) / (10 + step))
        expected = {name: keep * value + (1 - keep) * now[name].double() for name, value in expected.items()}
        average.update(network, step)
    for name, value in average.tensors().items():
        torch.testing.assert_close(value.double(), expected[name], atol=1e-5, rtol=0)
    assert average.tensors().keys() == expected.keys() and "1.running_var" in expected


def test_it_is_installed_for_a_while_even_where_that_fails() -> None:
    network = model()
    average = Average(network, 0.9)
    own = move(network, 0)
    average.update(network, 0)
    with average.installed(network):
        for name, p in floats(network).items():
            assert torch.equal(p, average.values[name]) and not torch.equal(p, own[name])
    with pytest.raises(KeyboardInterrupt), average.installed(network):
        raise KeyboardInterrupt
    assert all(torch.equal(p, own[name]) for name, p in floats(network).items())
    average.install(network)
    assert all(torch.equal(p, average.values[name]) for name, p in floats(network).items())
    assert all(p.requires_grad for p in network.parameters())


def test_training_on_does_not_reach_into_the_average() -> None:
    network = model()
    average = Average(network, 0.9)
    average.update(network, 0)
    kept = {name: value.clone() for name, value in average.tensors().items()}
    average.install(network)
    move(network, 1)
    assert all(torch.equal(value, kept[name]) for name, value in average.tensors().items())


def test_the_state_goes_round() -> None:
    network, other = model(), model(1)
    average, fresh = Average(network, 0.9), Average(other, 0.9)
    move(network, 0)
    average.update(network, 0)
    other.load_state_dict(network.state_dict())
    fresh.load({name: value.clone() for name, value in average.tensors().items()})
    for step in (1, 2):
        move(network, step), move(other, step)
        average.update(network, step), fresh.update(other, step)
    assert all(torch.equal(value, fresh.tensors()[name]) for name, value in average.tensors().items())


def test_without_decay_it_does_nothing() -> None:
    network = model()
    average = Average(network, 0.0)
    own = move(network, 0)
    average.update(network, 0)
    with average.installed(network):
        assert all(torch.equal(p, own[name]) for name, p in floats(network).items())
    average.install(network)
    average.load({})
    assert average.tensors() == {} and all(torch.equal(p, own[name]) for name, p in floats(network).items())


def test_tables_with_sparse_gradients_are_left_alone() -> None:
    network = nn.Sequential(nn.Embedding(5, 2, sparse=True), nn.Embedding(5, 2), nn.Linear(2, 1))
    assert Average(network, 0.9).tensors().keys() == {"1.weight", "2.weight", "2.bias"}
