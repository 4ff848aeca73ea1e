"""The fused table, the factorisation machine, the click model and its settings."""

from __future__ import annotations

from itertools import combinations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from fourfold.core.batch import Batch
from fourfold.core.config import from_dict, to_dict
from fourfold.core.errors import ConfigError
from fourfold.core.nn import TransformerConfig
from fourfold.core.nn.table import FusedTable, PiecewiseLinear
from fourfold.recsys.config import PRESETS, ClickConfig
from fourfold.recsys.model import ClickModelConfig, DeepFM, pair_sum

SIZES, BINS = [4, 3, 6], [5]


def batch(rows: int = 7, *, seed: int = 0) -> Batch:
    draw = torch.Generator().manual_seed(seed)
    ids = torch.stack([torch.randint(0, size, (rows,), generator=draw, dtype=torch.int32) for size in SIZES], 1)
    return Batch({"ids": ids, "position": 5 * torch.rand(rows, 1, generator=draw)})


def model(**settings: object) -> DeepFM:
    torch.manual_seed(0)
    encoder = TransformerConfig(width=8, num_layers=1, num_heads=2)
    return DeepFM(ClickModelConfig(encoder=encoder, **settings), SIZES, BINS).eval()  # type: ignore[arg-type]


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_the_fused_table_is_many_tables(sparse: bool, dtype: torch.dtype) -> None:
    table = FusedTable(SIZES, 5, sparse=sparse)
    weights = table.embedding.weight.detach().clone().split(SIZES)
    parts = [nn.Embedding.from_pretrained(weight, freeze=False) for weight in weights]
    ids = torch.tensor([[3, 2, 5], [0, 0, 0], [3, 1, 5]], dtype=dtype)
    weight = torch.randn(3, 3, 5)
    expected = torch.stack([part(ids[:, f]) for f, part in enumerate(parts)], 1)
    assert torch.equal(table(ids), expected)
    (table(ids) * weight).sum().backward()
    (expected * weight).sum().backward()
    grad = table.embedding.weight.grad
    assert grad is not None
    assert grad.is_sparse == sparse
    assert torch.allclose(grad.to_dense() if sparse else grad, torch.cat([_grad(part.weight) for part in parts]))
    if sparse:
        assert len(grad.coalesce().indices()[0]) == 7  # the seven different rows of the batch


def _grad(parameter: Tensor) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad


def test_piecewise_linear_runs_straight_between_knots() -> None:
    numbers = PiecewiseLinear([3, 1], 4)
    weight = numbers.weight_NTD.detach()
    out = numbers(torch.tensor([[0.0, 0.0], [1.25, 1.0], [3.0, 0.5]]))
    assert torch.equal(out[0], torch.zeros(2, 4))
    assert torch.allclose(out[1, 0], weight[0, 0] + 0.25 * weight[0, 1])
    assert torch.allclose(out[2, 0], weight[0].sum(0))
    assert torch.allclose(out[:, 1], torch.tensor([[0.0], [1.0], [0.5]]) * weight[1, 0])


@given(st.integers(1, 4), st.integers(1, 6), st.integers(1, 5))
def test_pair_sum_is_the_sum_over_pairs(rows: int, fields: int, width: int) -> None:
    v = torch.randn(rows, fields, width, generator=torch.Generator().manual_seed(fields))
    brute = sum(((v[:, f] * v[:, g]).sum(-1) for f, g in combinations(range(fields), 2)), torch.zeros(rows))
    assert torch.allclose(pair_sum(v), brute, atol=1e-5)


def test_the_logit_is_the_sum_of_its_parts() -> None:
    whole, data = model(), batch()
    assert whole.pair_gain is not None
    assert whole.first_order is not None
    nn.init.constant_(whole.pair_gain, 0.5)
    for weight in whole.first_order.parameters():
        nn.init.normal_(weight)
    v = whole.embedding(data["ids"], data["position"])
    first = whole.first_order(data["ids"], data["position"]).sum((1, 2))
    assert torch.allclose(whole(data), first + 0.5 * pair_sum(v) + whole.deep(v), atol=1e-6)
    assert whole(data).shape == (7,)


def test_the_parts_can_be_left_out() -> None:
    alone = model(first_order=False, pairs=False, pooling="mean")
    assert alone.first_order is None
    assert alone.pair_gain is None
    assert alone.class_token is None
    data = batch()
    assert torch.equal(alone(data), alone.deep(alone.embedding(data["ids"], data["position"])))


def test_tables_without_numbers() -> None:
    plain = DeepFM(ClickModelConfig(), SIZES)
    assert plain(Batch({"ids": batch()["ids"], "position": torch.zeros(7, 0)})).shape == (7,)


def test_every_parameter_learns() -> None:
    whole, data = model(), batch(64)
    for parameter in (whole.pair_gain, whole.head.weight):
        assert parameter is not None
        nn.init.ones_(parameter)
    whole(data).square().sum().backward()
    assert [name for name, p in whole.named_parameters() if p.grad is None or not p.grad.abs().sum()] == []


def test_large_tables_get_sparse_gradients() -> None:
    assert not model(sparse_rows=14).embedding.table.embedding.sparse
    assert model(sparse_rows=13).embedding.table.embedding.sparse
    assert not model(sparse_rows=0).embedding.table.embedding.sparse


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_presets(preset: str) -> None:
    config = PRESETS[preset]()
    assert from_dict(ClickConfig, to_dict(config)) == config
    whole = DeepFM(config.model, SIZES, BINS)
    embeddings = {id(p) for part in (whole.embedding, whole.first_order) for p in part.parameters()}  # type: ignore[union-attr]
    rest = sum(p.numel() for p in whole.parameters() if id(p) not in embeddings)
    assert sum(p.numel() for p in whole.encoder.parameters()) >= 0.7 * rest


def test_wrong_settings() -> None:
    with pytest.raises(ConfigError, match=r"^dropout \(1.0\) must lie in \[0, 1\)$"):
        ClickModelConfig(dropout=1.0)
    with pytest.raises(ConfigError, match=r"^sparse_rows \(-1\) must be 0 \(never\) or above$"):
        ClickModelConfig(sparse_rows=-1)
