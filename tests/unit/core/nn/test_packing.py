"""Rows into bins."""

import numpy as np
import pytest
import torch

from fourfold.core.errors import DataError
from fourfold.core.nn import pack, pack_rows


def first_fit_decreasing(lengths, capacity) -> list[list[int]]:
    """The textbook's loop, to compare with."""
    bins: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        for found in bins:
            if sum(lengths[i] for i in found) + lengths[row] <= capacity:
                found.append(row)
                break
        else:
            bins.append([row])
    return bins


@pytest.mark.parametrize("seed", range(5))
def test_it_is_first_fit_decreasing(seed):
    lengths = np.random.default_rng(seed).integers(1, 33, 200)
    got = [rows.tolist() for rows in pack(lengths, capacity=40)]
    assert got == first_fit_decreasing(lengths.tolist(), 40)


def test_every_row_travels_once_within_the_capacity():
    lengths = np.random.default_rng(0).integers(0, 65, 1000)
    bins = pack(lengths, capacity=64)
    assert sorted(np.concatenate(bins).tolist()) == list(range(1000))
    assert max(lengths[rows].sum() for rows in bins) <= 64
    assert len(bins) <= 11 / 9 * lengths.sum() / 64 + 1


def test_edges():
    assert pack([], capacity=8) == []
    with pytest.raises(DataError) as caught:
        pack([3, 9, 4], capacity=8)
    assert str(caught.value) == "row 1: 9 tokens exceed the capacity (8); cut it or raise it"


def test_unpack_undoes_pack_rows():
    keep = torch.tensor([[0, 1, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0], [1, 0, 0, 1]], dtype=torch.bool)
    values = torch.randn(4, 4, 2, generator=torch.Generator().manual_seed(0))
    packed = pack_rows(values, keep, pack(keep.sum(1).numpy(), capacity=5))
    assert packed.values.shape == (2, 4, 2)
    assert int(packed.keep.sum()) == 8
    assert torch.equal(packed.unpack(packed.values), values * keep[..., None])
