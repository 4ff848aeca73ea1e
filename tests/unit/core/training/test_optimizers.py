"""AdamW and row-wise Adagrad against references written out, and what a skipped step leaves alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from fourfold.core.nn import Encoder, TransformerConfig
from fourfold.core.nn.table import FusedTable
from fourfold.core.training import OptimizerConfig
from fourfold.core.training.optimizers import Optimizers, RowAdagrad, RowAdam, decay_groups

GO, SKIP = torch.tensor(0.0), torch.tensor(1.0)


class Everything(nn.Module):
    """A dense and a sparse table, an encoder, a scalar, a head tied to the dense table, and a frozen layer."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.words = nn.Embedding(11, 8)
        self.items = nn.Embedding(13, 8, sparse=True)
        self.encoder = Encoder(TransformerConfig(width=8, num_layers=1, num_heads=2, dropout=0.0))
        self.gain = nn.Parameter(torch.ones(()))
        self.frozen = nn.Linear(8, 8).requires_grad_(False)
        self.head = nn.Linear(8, 11, bias=False)
        self.head.weight = self.words.weight

    def loss(self, ids: Tensor) -> Tensor:
        x = self.words(ids % 11) + self.items(ids % 13)
        x = self.frozen(self.encoder(x, torch.ones_like(ids, dtype=torch.bool))) * self.gain
        return nn.functional.cross_entropy(self.head(x).flatten(0, 1), (ids % 11).flatten(), reduction="sum")


IDS = [torch.randint(0, 1000, (4, 5), generator=torch.Generator().manual_seed(k)) for k in range(6)]


def train(model: Everything, optimizers: Optimizers, batches: list[Tensor], found_inf: Tensor = GO) -> None:
    for ids in batches:
        optimizers.zero_grad()
        model.loss(ids).backward()
        optimizers.clip()
        optimizers.step(found_inf)


def weights(model: nn.Module) -> dict[str, Tensor]:
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def test_matrices_decay_and_the_rest_does_not() -> None:
    model = Everything()
    names = {id(p): name for name, p in model.named_parameters()}
    groups = decay_groups(model, OptimizerConfig(weight_decay=0.3, table_l2=0.1))
    decays, rest, tables = ({names[id(p)] for p in group["params"]} for group in groups)
    dense = {name for name, p in model.named_parameters() if p.requires_grad} - {"items.weight"}
    assert decays | rest == dense - {"words.weight"} and not decays & rest and tables == {"words.weight"}
    assert (
        decays
        == {name for name in dense if name.startswith("encoder") and model.get_parameter(name).ndim == 2}
        != set()
    )
    assert "gain" in rest and any("norm" in name for name in rest) and any("bias" in name for name in rest)
    assert [group["weight_decay"] for group in groups] == [0.3, 0.0, 0.1]


def test_without_a_gradient_only_decay_moves_weights() -> None:
    model = Everything()
    config = OptimizerConfig(lr=0.1, weight_decay=0.5)
    optimizers, before = Optimizers(model, config), weights(model)
    decays = {id(p) for p in decay_groups(model, config)[0]["params"]}
    for p in optimizers.dense:
        p.grad = torch.zeros_like(p)
    optimizers.step(GO)
    for name, p in model.named_parameters():
        torch.testing.assert_close(p.detach(), before[name] * (0.95 if id(p) in decays else 1.0), msg=name)


def test_adamw_against_its_formula() -> None:
    model = nn.Linear(3, 2)
    config = OptimizerConfig(lr=0.01, weight_decay=0.1, beta1=0.8, beta2=0.95, eps=1e-6, clip=0.0)
    optimizers = Optimizers(model, config)
    expected = {name: p.double() for name, p in weights(model).items()}
    first, second = ({name: torch.zeros_like(p) for name, p in expected.items()} for _ in range(2))
    for step in range(1, 6):
        share = 1 / step
        optimizers.set_rate(share)
        for name, p in model.named_parameters():
            p.grad = torch.randn(p.shape, generator=torch.Generator().manual_seed(step))
            grad, lr = p.grad.double(), 0.01 * share
            first[name] = 0.8 * first[name] + 0.2 * grad
            second[name] = 0.95 * second[name] + 0.05 * grad**2
            move = (first[name] / (1 - 0.8**step)) / ((second[name] / (1 - 0.95**step)).sqrt() + 1e-6)
            expected[name] = expected[name] * (1 - lr * 0.1 * (name == "weight")) - lr * move
        optimizers.step(GO)
    for name, p in model.named_parameters():
        torch.testing.assert_close(p.detach().double(), expected[name], atol=1e-6, rtol=0)


def test_row_adagrad_against_a_dense_reference() -> None:
    torch.manual_seed(1)
    table = nn.Embedding(9, 4, sparse=True)
    expected, total = table.weight.detach().double(), torch.zeros(9, dtype=torch.float64)
    optimizer = RowAdagrad(table.parameters(), OptimizerConfig(table_lr=0.3, eps=1e-4))
    for step in range(8):
        rows = torch.randint(0, 7, (6,), generator=torch.Generator().manual_seed(step))
        scale = torch.randn(6, 4, generator=torch.Generator().manual_seed(100 + step))
        optimizer.zero_grad()
        (table(rows) * scale).sum().backward()
        grad = torch.zeros(9, 4, dtype=torch.float64).index_add_(0, rows, scale.double())
        total += grad.square().mean(1)
        expected = expected - 0.3 * grad / (total.sqrt() + 1e-4)[:, None]
        optimizer.step()
    torch.testing.assert_close(table.weight.detach().double(), expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(optimizer.state[table.weight]["sum"].double(), total, atol=1e-5, rtol=1e-5)
    assert total[7:].sum() == 0 and (table.weight[7:] == expected[7:]).all(), "rows that were not seen stay"


def test_row_adam_is_torch_s_sparse_adam() -> None:
    torch.manual_seed(1)
    table = nn.Embedding(9, 4, sparse=True)
    other = nn.Embedding.from_pretrained(table.weight.detach().clone(), freeze=False, sparse=True)
    ours = RowAdam(table.parameters(), OptimizerConfig(table_lr=0.3, beta1=0.8, beta2=0.95))
    theirs = torch.optim.SparseAdam(other.parameters(), lr=0.3, betas=(0.8, 0.95))
    for step in range(8):
        rows = torch.randint(0, 7, (6,), generator=torch.Generator().manual_seed(step))
        for one, optimizer in ((table, ours), (other, theirs)):
            optimizer.zero_grad()
            one(rows).square().sum().backward()
            optimizer.step()
    torch.testing.assert_close(table.weight, other.weight, atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", [RowAdagrad, RowAdam])
def test_rows_that_come_summed_move_as_those_that_do_not(kind: type[RowAdagrad | RowAdam]) -> None:
    torch.manual_seed(1)
    table = FusedTable([9], 4, sparse=True)
    other = nn.Embedding.from_pretrained(table.embedding.weight.detach().clone(), freeze=False, sparse=True)
    optimizers = [kind([weight], OptimizerConfig(table_lr=0.3)) for weight in (table.embedding.weight, other.weight)]
    for step in range(6):
        rows = torch.randint(0, 7, (6, 1), generator=torch.Generator().manual_seed(step))
        for one, optimizer in zip((table, other), optimizers, strict=True):
            optimizer.zero_grad()
            one(rows).square().sum().backward()
            optimizer.step()
    torch.testing.assert_close(table.embedding.weight, other.weight, atol=1e-6, rtol=0)


def test_the_penalty_of_tables_is_in_their_gradient() -> None:
    """½ · λ · ‖W‖² in the loss, through Adam: the rows that a batch does not see move, too."""
    config = OptimizerConfig(lr=0.01, weight_decay=0.3, table_l2=0.2, clip=0.0)
    model, other = Everything(), Everything()
    optimizers, plain = Optimizers(model, config), Optimizers(other, OptimizerConfig(lr=0.01, weight_decay=0.3, clip=0))
    train(model, optimizers, IDS)
    for ids in IDS:
        plain.zero_grad()
        (other.loss(ids) + 0.1 * other.words.weight.square().sum()).backward()
        plain.step(GO)
    for name, p in model.named_parameters():
        if "qkv.bias" not in name:  # that of the keys has no gradient but for rounding, which Adam blows up
            torch.testing.assert_close(p, other.get_parameter(name), atol=1e-5, rtol=0, msg=name)


@pytest.mark.parametrize("sparse", ["adagrad", "adam"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1.0])
def test_a_skipped_step_leaves_everything_alone(value: float, sparse: Any) -> None:
    model, config = Everything(), OptimizerConfig(lr=0.01, sparse=sparse)
    optimizers = Optimizers(model, config)
    train(model, optimizers, IDS[:2])
    before, state = weights(model), {name: value.clone() for name, value in optimizers.tensors().items()}
    optimizers.zero_grad()
    (model.loss(IDS[2]) * value).backward()
    optimizers.clip()
    optimizers.step(SKIP)
    for name, p in model.named_parameters():
        assert torch.equal(p, before[name]), name
    assert state.keys() == optimizers.tensors().keys()
    for name, tensor in optimizers.tensors().items():
        assert torch.equal(tensor, state[name]), name
    untouched = Everything()
    train(untouched, again := Optimizers(untouched, config), IDS[:2])
    train(model, optimizers, IDS[3:])
    train(untouched, again, IDS[3:])
    for name, p in model.named_parameters():
        assert torch.equal(p, untouched.get_parameter(name)), name


def test_the_state_goes_round() -> None:
    model, other = Everything(), Everything()
    optimizers = Optimizers(model, OptimizerConfig(lr=0.01))
    train(model, optimizers, IDS[:3])
    saved = {name: value.clone() for name, value in optimizers.tensors().items()}
    assert {name.split(".")[0] for name in saved} == {"0", "1"} and any(name.endswith("exp_avg_sq") for name in saved)
    fresh = Optimizers(other, OptimizerConfig(lr=0.01))
    train(other, fresh, IDS[4:])
    other.load_state_dict(model.state_dict())
    fresh.load(saved)
    train(model, optimizers, IDS[3:])
    train(other, fresh, IDS[3:])
    for name, p in model.named_parameters():
        assert torch.equal(p, other.get_parameter(name)), name


def test_each_optimiser_has_its_own_peak() -> None:
    optimizers = Optimizers(Everything(), OptimizerConfig(lr=0.02, table_lr=0.5))
    optimizers.set_rate(0.25)
    optimizers.set_rate(0.5)
    assert [[group["lr"] for group in part.param_groups] for part in optimizers.parts] == [
        [0.01, 0.01, 0.01],
        [0.25],
    ]
    assert len(Optimizers(nn.Linear(2, 2), OptimizerConfig()).parts) == 1


@pytest.mark.parametrize("clip", [0.0, 0.5, 100.0])
def test_clipping_scales_the_dense_gradients_together(clip: float) -> None:
    model = nn.Linear(2, 2)
    optimizers = Optimizers(model, OptimizerConfig(clip=clip))
    model.weight.grad, model.bias.grad = torch.full((2, 2), 1.0), torch.tensor([2.0, -1.0])
    assert float(optimizers.clip()) == pytest.approx(3.0)
    share = 1.0 if clip != 0.5 else 0.5 / 3
    assert model.weight.grad.tolist() == [pytest.approx([share, share])] * 2
    assert model.bias.grad.tolist() == pytest.approx([2 * share, -share])


def test_frozen_weights_stay_where_they_are() -> None:
    model = Everything()
    before = weights(model)
    train(model, Optimizers(model, OptimizerConfig(lr=0.1)), IDS)
    moved = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert moved == {name for name, p in model.named_parameters() if p.requires_grad}


@pytest.mark.parametrize("bad", [float("inf"), float("-inf"), float("nan")])
def test_a_table_s_gradient_that_is_not_finite_is_noticed(bad: float) -> None:
    model = Everything()
    optimizers = Optimizers(model, OptimizerConfig())
    model.loss(IDS[0]).backward()
    assert torch.isfinite(optimizers.clip())
    model.items.weight.grad._values()[0, 0] = bad
    assert not torch.isfinite(optimizers.clip())
