"""Pooling by hand-computed values."""

import pytest
import torch

from fourfold.core.nn import Pooling

X = torch.tensor([[[1.0, 4.0], [3.0, 0.0], [9.0, 9.0]]])
KEEP = torch.tensor([[True, True, False]])


@pytest.mark.parametrize(
    ("kind", "keep", "want"),
    [
        ("mean", KEEP, [2, 2]),
        ("mean", None, [13 / 3, 13 / 3]),
        ("first", KEEP, [1, 4]),
        ("max", KEEP, [3, 4]),
        ("max", None, [9, 9]),
        ("attention", KEEP, [2, 2]),  # it starts as the mean
    ],
)
def test_values(kind, keep, want):
    assert Pooling(kind, 2)(X, keep)[0].tolist() == pytest.approx(want)


def test_attention_follows_its_scores():
    pooling = Pooling("attention", 2)
    with torch.no_grad():
        pooling.score.weight.copy_(torch.tensor([[50.0, 0.0]]))
    assert pooling(X, KEEP)[0].tolist() == pytest.approx([3, 0])
