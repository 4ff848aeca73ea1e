"""Learned, sinusoidal and rotary positions."""

import math

import pytest
import torch

from fourfold.core.errors import DataError
from fourfold.core.nn import LearnedPositions, Rotary, SinusoidalPositions
from fourfold.core.nn.positions import rotate


@pytest.mark.parametrize(
    "make", [lambda: LearnedPositions(12, 8), lambda: LearnedPositions(12, 8, first=2), lambda: SinusoidalPositions(8)]
)
def test_offsets_and_named_positions_agree_with_the_whole(make):
    torch.manual_seed(0)
    positions, x_BLD = make(), torch.randn(2, 10, 8)
    whole = positions(x_BLD)
    assert torch.equal(positions(x_BLD[:, 4:7], offset=4), whole[:, 4:7])
    named = torch.arange(10).expand(2, 10)
    assert torch.equal(positions(x_BLD, named), whole)
    assert torch.equal(positions(x_BLD.flip(1), named.flip(1)), whole.flip(1))


def test_rows_before_the_first_place_belong_to_none():
    positions = LearnedPositions(4, 8, first=2)
    assert torch.equal(positions(torch.zeros(1, 4, 8))[0], positions.table.weight[2:])


@pytest.mark.parametrize("first", [0, 2])
def test_a_sequence_longer_than_the_table(first):
    with pytest.raises(DataError) as caught:
        LearnedPositions(4, 8, first)(torch.zeros(1, 6, 8))
    assert str(caught.value) == ("a sequence of 6 tokens is longer than max_length (4); cut it or raise max_length")


def test_sinusoids_are_those_of_the_paper_to_any_place_and_keep_none():
    positions = SinusoidalPositions(6)
    table = positions(torch.zeros(1, 50, 6))[0]
    for place, column in ((0, 1), (3, 0), (49, 2), (17, 5)):
        angle = place / 10000 ** (2 * (column // 2) / 6)
        want = math.cos(angle) if column % 2 else math.sin(angle)
        assert table[place, column].item() == pytest.approx(want, abs=1e-5)
    torch.testing.assert_close(positions(torch.zeros(1, 3, 6), offset=30)[0], table[30:33])
    assert not list(positions.buffers()) and not positions.state_dict()


def test_rotary_products_depend_on_the_distance_alone():
    torch.manual_seed(0)
    query, key, rotary = torch.randn(1, 1, 1, 8), torch.randn(1, 1, 1, 8), Rotary(8)

    def product(at: int, to: int) -> torch.Tensor:
        turned = rotate(query, rotary(torch.tensor([at]))), rotate(key, rotary(torch.tensor([to])))
        return (turned[0] * turned[1]).sum()

    torch.testing.assert_close(product(3, 5), product(10, 12), atol=1e-5, rtol=0)
    torch.testing.assert_close(product(0, 0), (query * key).sum(), atol=1e-5, rtol=0)
    assert (product(3, 5) - product(3, 6)).abs() > 1e-3


def test_rotary_keeps_lengths_and_the_type():
    x_BHLE = torch.randn(2, 3, 5, 8)
    rotation = Rotary(8)(torch.arange(5).expand(2, 5))
    turned = rotate(x_BHLE, rotation)
    torch.testing.assert_close(turned.norm(dim=-1), x_BHLE.norm(dim=-1))
    assert rotate(x_BHLE.bfloat16(), rotation).dtype == torch.bfloat16
