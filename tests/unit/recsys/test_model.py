"""The fused table, the factorisation machine, the click model and its settings."""

from __future__ import annotations

from itertools import combinations

import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from fourfold.core.batch import Batch
from fourfold.core.config import from_dict, override, to_dict
from fourfold.core.errors import ConfigError
from fourfold.core.nn import TransformerConfig
from fourfold.core.nn.table import FusedTable, PiecewiseLinear
from fourfold.recsys.config import PRESETS, ClickConfig
from fourfold.recsys.model import ClickModel, ClickModelConfig, MLPConfig, Part, StreamsConfig, deep_name
from fourfold.recsys.model.click import pair_sum
from fourfold.recsys.model.cross import Cross
from fourfold.recsys.model.streams import Streams
from fourfold.recsys.pipeline import ClickPredictor

SIZES, BINS = [4, 3, 6], [5]


def batch(rows: int = 7, *, seed: int = 0) -> Batch:
    draw = torch.Generator().manual_seed(seed)
    ids = torch.stack([torch.randint(0, size, (rows,), generator=draw, dtype=torch.int32) for size in SIZES], 1)
    return Batch({"ids": ids, "position": 5 * torch.rand(rows, 1, generator=draw)})


def model(**settings: object) -> ClickModel:
    torch.manual_seed(0)
    encoder = TransformerConfig(width=8, num_layers=1, num_heads=2)
    return ClickModel(ClickModelConfig(encoder=encoder, **settings), SIZES, BINS, [*"abc"]).eval()  # type: ignore[arg-type]


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
    v = torch.randn(rows, fields, width, generator=torch.Generator().manual_seed(fields)).requires_grad_()
    brute = sum(((v[:, f] * v[:, g]).sum(-1) for f, g in combinations(range(fields), 2)), 0 * v.sum((1, 2)))
    assert torch.allclose(pair_sum(v), brute, atol=1e-5)
    weight = torch.arange(1.0, rows + 1)
    ours, theirs = (torch.autograd.grad((weight * said).sum(), v)[0] for said in (pair_sum(v), brute))
    assert torch.allclose(ours, theirs, atol=1e-5)


@given(st.lists(st.lists(st.integers(0, 3), min_size=2, max_size=2), min_size=1, max_size=12), st.booleans())
def test_tables_that_share_their_places_learn_as_torch_s_own(ids: list[list[int]], sparse: bool) -> None:
    tables = FusedTable([4, 4], 3, sparse), FusedTable([4, 4], 1, sparse)
    places = tables[0].places(torch.tensor(ids))
    for table in tables:
        other = nn.Embedding.from_pretrained(table.embedding.weight.detach().clone(), freeze=False)
        weight = torch.randn(len(ids), 2, table.embedding.embedding_dim)
        (table.at(places) * weight).sum().backward()
        (other(places.rows) * weight).sum().backward()
        found = _grad(table.embedding.weight)
        assert torch.allclose(found.to_dense() if sparse else found, _grad(other.weight), atol=1e-5)


ALL: tuple[Part, ...] = ("linear", "fm", "transformer", "mlp", "cross", "cin", "streams")
SMALL = MLPConfig(hidden=(6, 4), dropout=0.1)
STREAMS = StreamsConfig(
    first=SMALL, second=MLPConfig(hidden=(6,)), num_heads=2, gate=5, first_context=("a",), second_context=("b", "c")
)


def every(**settings: object) -> ClickModel:
    return model(parts=ALL, mlp=SMALL, cin_hidden=(5, 4), streams=STREAMS, **settings)


def test_the_logit_is_the_sum_of_its_parts() -> None:
    whole, data = every(), batch()
    assert whole.gain is not None and whole.linear is not None and whole.embedding is not None
    nn.init.constant_(whole.gain, 0.5)
    for weight in whole.linear.parameters():
        nn.init.normal_(weight)
    ids = data["ids"]
    v = whole.embedding(data)
    networks = (whole.transformer, whole.mlp, whole.cross, whole.cin)
    said = [network(v) for network in networks if network is not None]
    assert whole.streams is not None and len(said) == 4
    said += [whole.linear(data).sum(1), 0.5 * pair_sum(v)[:, None], whole.streams(v, ids)]
    assert torch.allclose(whole(data), torch.stack(said).sum(0).squeeze(-1), atol=1e-6)
    assert whole(data).shape == (7,)


@pytest.mark.parametrize("part", ALL)
def test_a_part_alone(part: Part) -> None:
    alone = model(parts=(part,), mlp=SMALL, streams=STREAMS, width=6)
    assert alone(batch()).shape == (7,)
    assert (alone.embedding is None) == (part == "linear")
    assert (alone.bias is not None) == (part in ("linear", "fm", "cross"))


def test_the_cross_network_against_its_formula() -> None:
    cross = Cross(6, 2)
    for layer in cross.layers:
        nn.init.normal_(layer.bias)
    x = v = torch.randn(4, 6)
    for layer in cross.layers:
        x = v * (x @ layer.weight.T + layer.bias) + x
    assert torch.allclose(cross(v.view(4, 3, 2)), x @ cross.head.weight.T, atol=1e-5)


def test_the_streams_against_their_formula() -> None:
    streams = Streams(STREAMS, SIZES, 6, [*"abc"], 2, sparse=False).eval()
    v, ids = torch.randn(4, 3, 2), batch(4)["ids"]
    assert streams.first_gate is not None and streams.second_gate is not None
    x = streams.first(v.flatten(1) * streams.first_gate(ids))
    y = streams.second(v.flatten(1) * streams.second_gate(ids))
    expected = (streams.first_head(x) + streams.second_head(y))[:, 0]
    for head, weight in enumerate(streams.bilinear_THXY[0]):
        expected = expected + ((x[:, 2 * head : 2 * head + 2] @ weight) * y[:, 3 * head : 3 * head + 3]).sum(1)
    assert torch.allclose(streams(v, ids)[:, 0], expected, atol=1e-6)
    one, other = streams.first_gate(ids), streams.first_gate(torch.cat([ids[:, :1], ids[:, 1:] * 0], 1))
    assert torch.equal(one, other) and ((one > 0) & (one < 2)).all(), "the first gate sees field a alone"


def test_gates_without_a_context_are_the_same_for_all_rows() -> None:
    streams = Streams(
        StreamsConfig(first=SMALL, second=SMALL, gate=5, contexts=False), SIZES, 6, [*"abc"], 2, sparse=False
    )
    assert streams.first_gate is not None and streams.first_gate(batch()["ids"]).shape == (6,)


def test_the_contexts_are_the_fields_with_the_most_values_unless_named() -> None:
    def fields(**settings: object) -> list[list[int]]:
        config = StreamsConfig(first=SMALL, second=SMALL, gate=5, **settings)  # type: ignore[arg-type]
        streams = Streams(config, SIZES, 6, [*"abc"], 2, sparse=False)
        assert streams.first_gate is not None and streams.second_gate is not None
        return [streams.first_gate.fields, streams.second_gate.fields]

    assert fields() == [[0], [2]]
    assert fields(first_context=("b",)) == [[1], []]


# Frappe as its first 10 columns have it: 5,369 values in the training rows.
FRAPPE = [959, 4071, 9, 9, 4, 5, 4, 11, 82, 235]


@pytest.mark.parametrize(("preset", "parameters"), [("deepfm", 423_280), ("dcnv2", 458_391), ("xdeepfm", 429_809)])
def test_published_models_have_as_many_parameters_as_published(preset: str, parameters: int) -> None:
    """Those that BARS prints for Frappe (`reczoo/BARS`, ranking/ctr, *_frappe_x1)."""
    assert sum(FRAPPE) == 5389
    built = ClickModel(PRESETS[preset]().model, FRAPPE, names=[*"abcdefghij"])
    assert sum(p.numel() for p in built.parameters()) == parameters


def test_tables_without_numbers() -> None:
    plain = ClickModel(ClickModelConfig(), SIZES)
    assert plain(Batch({"ids": batch()["ids"], "position": torch.zeros(7, 0)})).shape == (7,)


def test_every_parameter_learns() -> None:
    whole, data = every(), batch(64)
    assert whole.gain is not None
    nn.init.ones_(whole.gain)
    whole(data).square().sum().backward()
    assert [name for name, p in whole.named_parameters() if p.grad is None or not p.grad.abs().sum()] == []


def test_large_tables_get_sparse_gradients() -> None:
    def sparse(**settings: object) -> set[bool]:
        tables = (module for module in every(**settings).modules() if isinstance(module, nn.Embedding))
        return {table.sparse for table in tables}

    assert sparse(sparse_rows=14) == sparse(sparse_rows=0) == {False}
    assert sparse(sparse_rows=13) == {True}


def test_the_models_of_the_literature_have_their_names() -> None:
    named = {preset: deep_name(PRESETS[preset]().model.parts) for preset in ("fm", "deepfm", "dcnv2", "xdeepfm")}
    assert named == {"fm": "factorisation machine", "deepfm": "DeepFM", "dcnv2": "DCN-V2", "xdeepfm": "xDeepFM"}


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_presets(preset: str) -> None:
    config = PRESETS[preset]()
    assert from_dict(ClickConfig, to_dict(config)) == config
    assert ClickModel(config.model, SIZES, BINS, ["a", "b", "c"])(batch()).shape == (7,)


def test_wrong_settings() -> None:
    with pytest.raises(ConfigError, match=r"^dropout \(1.0\) must lie in \[0, 1\)$"):
        ClickModelConfig(dropout=1.0)
    with pytest.raises(ConfigError, match=r"^sparse_rows \(-1\) must be 0 \(never\) or above$"):
        ClickModelConfig(sparse_rows=-1)
    with pytest.raises(ConfigError, match=r"^parts: no part 'mpl'; did you mean 'mlp'\?$"):
        ClickModelConfig(parts=("mpl",))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"^parts: a model needs one at least, of: linear, fm, "):
        ClickModelConfig(parts=())
    with pytest.raises(ConfigError, match=r"^parts \(fm, fm\): each may stand there once$"):
        ClickModelConfig(parts=("fm", "fm"))
    with pytest.raises(ConfigError, match=r"^cin_hidden \(\(64, 0\)\) must be at least one width of 1 or more$"):
        ClickModelConfig(cin_hidden=(64, 0))
    with pytest.raises(ConfigError, match=r"^the last width of second \(5\) must be divisible by num_heads$"):
        StreamsConfig(second=MLPConfig(hidden=(5,)), num_heads=2)


@pytest.mark.parametrize("rows", [25, 41, 61])
def test_published_models_train_on_any_number_of_rows(rows: int) -> None:
    """Batch norms take no batch of a single row."""
    frame = pd.DataFrame({"a": [*"xyz"] * rows, "b": range(3 * rows)}).head(rows)
    model = ClickPredictor("deepfm", seed=0).set_params(
        config=override(ClickPredictor("deepfm").resolve(), {"train": {"epochs": 1}})
    )
    assert len(model.fit(frame, (frame["b"] % 2).to_numpy(), valid=0).predict(frame)) == rows
