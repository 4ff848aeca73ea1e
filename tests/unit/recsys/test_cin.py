"""The compressed interaction network of xDeepFM."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from fourfold.core.batch import Batch
from fourfold.recsys.model import ClickModel, ClickModelConfig
from fourfold.recsys.model.cin import CIN
from fourfold.recsys.model.click import pair_sum


def with_biases(fields: int, hidden: tuple[int, ...]) -> CIN:
    torch.manual_seed(0)
    cin = CIN(fields, hidden)
    for layer in (*cin.layers, cin.head):
        nn.init.normal_(layer.bias)  # type: ignore[arg-type]
    return cin


def written_out(cin: CIN, v: Tensor) -> Tensor:
    """The formula of the paper: every layer's outer products, mapped, then summed over the width."""
    x, sums = v, []
    for layer in cin.layers:
        products = torch.einsum("bfd,bmd->bfmd", v, x)
        weight = layer.weight.unflatten(1, products.shape[1:3])  # type: ignore[operator]
        x = torch.einsum("bfmd,hfm->bhd", products, weight) + layer.bias[:, None]  # type: ignore[index]
        sums.append(x.sum(-1))
    return torch.cat(sums, 1) @ cin.head.weight.T + cin.head.bias


@pytest.mark.parametrize("hidden", [(7,), (7, 5), (6, 1, 4)])
def test_it_is_the_formula_and_so_are_its_gradients(hidden: tuple[int, ...]) -> None:
    cin, v = with_biases(4, hidden), torch.randn(3, 4, 6, requires_grad=True)
    ours, theirs = cin(v), written_out(cin, v)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    wanted = [v, *cin.parameters()]
    for one, other in zip(*(torch.autograd.grad(said.square().sum(), wanted) for said in (ours, theirs)), strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-5)


def test_one_map_of_the_right_weights_is_a_factorisation_machine() -> None:
    cin, v = CIN(5, [1]), torch.randn(3, 5, 4)
    for parameter, values in zip(cin.parameters(), (torch.ones(5, 5).triu(1).flatten(), 0.0, 1.0, 0.0), strict=True):
        parameter.data.copy_(torch.as_tensor(values).expand_as(parameter))
    torch.testing.assert_close(cin(v)[:, 0], pair_sum(v), atol=1e-5, rtol=1e-5)


def test_alone_it_has_as_many_parameters_as_published() -> None:
    """147,984 on Frappe with embeddings of width 10 and weights (`reczoo/BARS`, ranking/ctr/xDeepFM/CIN_frappe_x1)."""
    sizes = [959, 4071, 9, 9, 4, 5, 4, 11, 82, 235]
    config = ClickModelConfig(parts=("linear", "cin"), width=10)
    assert sum(p.numel() for p in ClickModel(config, sizes).parameters()) == 147_984


def test_two_layers_learn_what_takes_three_fields() -> None:
    """The parity of three fields, of which no two say anything; one layer has no product of three."""
    ids = torch.cartesian_prod(*[torch.arange(2)] * 3)
    batch, label = Batch({"ids": ids, "position": torch.zeros(8, 0)}), ids.sum(1).remainder(2).float()

    def learned(*hidden: int) -> float:
        torch.manual_seed(0)
        model = ClickModel(ClickModelConfig(parts=("cin",), width=4, cin_hidden=hidden), [2, 2, 2])
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        for _ in range(300):
            loss = nn.functional.binary_cross_entropy_with_logits(model(batch), label)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return loss.item()

    assert learned(4, 4) < 0.1
    assert learned(4) > 0.6
