"""An encoder with convolutions, and one that is given its tokens chunk by chunk."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fourfold.core.errors import ConfigError
from fourfold.core.nn import Convolution, Encoder, EncoderCache, TransformerConfig, chunk_mask


def encoder(convolution: int = 5, rotary: bool = True) -> Encoder:
    torch.manual_seed(0)
    config = TransformerConfig(width=16, num_layers=3, num_heads=2, convolution=convolution, rotary=rotary)
    return Encoder(config).eval()


def by_torch(ours: Convolution, x_BLD: torch.Tensor, sides: tuple[int, int]) -> torch.Tensor:
    h_BDL = F.pad(nn.GLU(dim=1)(ours.gate(x_BLD).transpose(1, 2)), sides)
    return ours.out(nn.SiLU()(ours.norm(ours.depthwise(h_BDL).transpose(1, 2))))


@pytest.mark.parametrize("kernel", [1, 3, 15])
@pytest.mark.parametrize("causal", [True, False])
def test_it_is_a_gated_convolution_of_each_channel(kernel, causal):
    torch.manual_seed(0)
    ours, x_BLD = Convolution(TransformerConfig(width=8, convolution=kernel)), torch.randn(2, 11, 8)
    sides = (kernel - 1, 0) if causal else (kernel // 2, kernel // 2)
    torch.testing.assert_close(ours(x_BLD, causal=causal), by_torch(ours, x_BLD, sides), atol=1e-6, rtol=0)


@pytest.mark.parametrize("causal", [True, False])
def test_padding_changes_nothing(causal):
    model, x_BLD = encoder(), torch.randn(2, 9, 16)
    keep_BL = torch.arange(9)[None] < torch.tensor([6, 9])[:, None]
    together = model(x_BLD, keep_BL, causal=causal)
    torch.testing.assert_close(together[0, :6], model(x_BLD[:1, :6], causal=causal)[0], atol=1e-5, rtol=0)
    torch.testing.assert_close(together[1], model(x_BLD[1:], causal=causal)[0], atol=1e-5, rtol=0)


def test_a_causal_encoder_does_not_look_forward():
    model, x_BLD = encoder(), torch.randn(1, 9, 16)
    later = x_BLD.clone()
    later[:, 5:] += 1
    torch.testing.assert_close(model(x_BLD, causal=True)[:, :5], model(later, causal=True)[:, :5], atol=1e-6, rtol=0)


def test_the_first_tokens_alone_leave():
    model, x_BLD = encoder(), torch.randn(2, 9, 16)
    torch.testing.assert_close(model(x_BLD, first=1), model(x_BLD)[:, :1], atol=1e-6, rtol=0)


def test_packed_rows_are_refused():
    with pytest.raises(ConfigError) as refused:
        encoder()(torch.zeros(1, 4, 16), segments_BL=torch.tensor([[0, 0, 1, 1]]))
    assert str(refused.value) == "rows that are packed cannot go through a convolution; leave one of the two out"


@pytest.mark.parametrize("kernel", [-1, 4])
def test_its_width_is_odd(kernel):
    with pytest.raises(ConfigError) as refused:
        TransformerConfig(convolution=kernel)
    assert str(refused.value) == f"convolution ({kernel}) must be 0 (none) or an odd number of tokens"


@pytest.mark.parametrize("convolution", [0, 1, 7])
@pytest.mark.parametrize("rotary", [True, False])
@pytest.mark.parametrize(("chunk", "history"), [(4, 0), (4, 1), (4, 3), (1, 2), (30, 1)])
def test_chunk_by_chunk_is_the_masked_whole(convolution, rotary, chunk, history):
    model, x_BLD = encoder(convolution, rotary), torch.randn(2, 22, 16)
    with torch.no_grad():
        whole = model.in_chunks(x_BLD, chunk=chunk, history=history)
        cache = EncoderCache(num_layers=3)
        parts = [model.following(part, cache, chunk=chunk, history=history) for part in x_BLD.split(chunk, dim=1)]
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, atol=1e-5, rtol=0)
    assert cache.length == 22
    assert cache.layers[0].own.length == (min(history * chunk, 22) if history else 22)


def test_chunks_of_padded_rows():
    model, x_BLD = encoder(), torch.randn(2, 9, 16)
    keep_BL = torch.arange(9)[None] < torch.tensor([5, 9])[:, None]
    together = model.in_chunks(x_BLD, keep_BL, chunk=4)
    assert together.isfinite().all()
    alone = model.in_chunks(x_BLD[:1, :5], chunk=4)
    torch.testing.assert_close(together[0, :5], alone[0], atol=1e-5, rtol=0)


def test_a_chunk_sees_itself_and_its_history():
    assert chunk_mask(6, 2, 1).int().tolist() == [
        [1, 1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [0, 0, 1, 1, 1, 1],
        [0, 0, 1, 1, 1, 1],
    ]


def test_checkpointed_layers_give_the_same_gradients():
    found = []
    for checkpoint in (False, True):
        torch.manual_seed(0)
        config = TransformerConfig(width=16, num_layers=2, num_heads=2, convolution=5, dropout=0, checkpoint=checkpoint)
        model = Encoder(config)
        model(torch.linspace(-1, 1, 144).view(1, 9, 16)).square().sum().backward()
        found.append([weight.grad for weight in model.parameters()])
    for plain, again in zip(*found, strict=True):
        torch.testing.assert_close(again, plain, atol=1e-5, rtol=0)
