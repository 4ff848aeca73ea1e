"""Our layers against torch's own, with the same weights."""

import pytest
import torch
from torch import Tensor, nn

from fourfold.core.nn import DecoderLayer, EncoderLayer, MultiHeadAttention, Sight, TransformerConfig

SHAPES = [(16, 2, 32, 3, 7), (24, 3, 40, 2, 1), (64, 8, 256, 4, 33)]  # width, heads, hidden, batch, length


def config(width: int, heads: int, hidden: int, activation: str, pre_norm: bool) -> TransformerConfig:
    return TransformerConfig(
        width=width,
        num_heads=heads,
        hidden=hidden,
        dropout=0.0,
        activation=activation,
        pre_norm=pre_norm,
    )


def randomise(module: nn.Module, seed: int) -> None:
    """Fill every weight, the biases and norms too, so that no term is left out of the comparison."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2 + 0.05)


def copy(ours: nn.Module, theirs: nn.Module) -> None:
    ours.load_state_dict(theirs.state_dict())


def copy_attention(ours: MultiHeadAttention, theirs: nn.MultiheadAttention) -> None:
    weight, bias = theirs.in_proj_weight.detach(), theirs.in_proj_bias.detach()
    if ours.cross:
        width = ours.width
        ours.query.load_state_dict({"weight": weight[:width], "bias": bias[:width]})
        ours.key_value.load_state_dict({"weight": weight[width:], "bias": bias[width:]})
    else:
        ours.qkv.load_state_dict({"weight": weight, "bias": bias})
    copy(ours.out, theirs.out_proj)


def padding(batch: int, length: int) -> Tensor:
    lengths = torch.arange(batch) % length + 1
    return torch.arange(length)[None] < lengths[:, None]


@pytest.mark.parametrize("pre_norm", [True, False])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize(("width", "heads", "hidden", "batch", "length"), SHAPES)
@pytest.mark.parametrize("mask", ["none", "padding", "causal"])
def test_encoder_layer(width, heads, hidden, batch, length, activation, pre_norm, mask):
    theirs = nn.TransformerEncoderLayer(
        width, heads, hidden, dropout=0.0, activation=activation, batch_first=True, norm_first=pre_norm
    )
    ours = EncoderLayer(config(width, heads, hidden, activation, pre_norm))
    randomise(theirs, seed=1)
    copy_attention(ours.attention, theirs.self_attn)
    copy(ours.attention_residual.norm, theirs.norm1)
    copy(ours.feedforward_residual.norm, theirs.norm2)
    copy(ours.feedforward.up, theirs.linear1)
    copy(ours.feedforward.down, theirs.linear2)
    x_BLD = torch.randn(batch, length, width, generator=torch.Generator().manual_seed(2))
    keep_BL = padding(batch, length)
    with torch.no_grad():
        if mask == "none":
            want, got = theirs(x_BLD), ours(x_BLD)
        elif mask == "padding":
            want = theirs(x_BLD, src_key_padding_mask=~keep_BL)[keep_BL]
            got = ours(x_BLD, Sight(mask=keep_BL[:, None, None, :]))[keep_BL]
        else:
            future = torch.ones(length, length, dtype=torch.bool).triu(1)
            want, got = theirs(x_BLD, src_mask=future), ours(x_BLD, Sight(causal=True))
    torch.testing.assert_close(got, want, atol=1e-5, rtol=0)


@pytest.mark.parametrize("pre_norm", [True, False])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize(("width", "heads", "hidden", "batch", "length"), SHAPES)
@pytest.mark.parametrize("masked", [True, False])
def test_decoder_layer(width, heads, hidden, batch, length, activation, pre_norm, masked):
    theirs = nn.TransformerDecoderLayer(
        width, heads, hidden, dropout=0.0, activation=activation, batch_first=True, norm_first=pre_norm
    )
    ours = DecoderLayer(config(width, heads, hidden, activation, pre_norm))
    randomise(theirs, seed=1)
    copy_attention(ours.attention, theirs.self_attn)
    copy_attention(ours.cross, theirs.multihead_attn)
    copy(ours.attention_residual.norm, theirs.norm1)
    copy(ours.cross_residual.norm, theirs.norm2)
    copy(ours.feedforward_residual.norm, theirs.norm3)
    copy(ours.feedforward.up, theirs.linear1)
    copy(ours.feedforward.down, theirs.linear2)
    generator = torch.Generator().manual_seed(2)
    x_BLD = torch.randn(batch, length, width, generator=generator)
    memory_BMD = torch.randn(batch, 9, width, generator=generator)
    keep_BM = padding(batch, 9) if masked else None
    future = torch.ones(length, length, dtype=torch.bool).triu(1)
    with torch.no_grad():
        want = theirs(x_BLD, memory_BMD, future, memory_key_padding_mask=None if keep_BM is None else ~keep_BM)
        memory_mask = None if keep_BM is None else keep_BM[:, None, None, :]
        got = ours(x_BLD, memory_BMD, memory_mask=memory_mask, causal=True)
    torch.testing.assert_close(got, want, atol=1e-5, rtol=0)


def test_gradients_equal_those_of_torch():
    theirs = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True)
    ours = EncoderLayer(config(16, 2, 32, "relu", False))
    randomise(theirs, seed=1)
    copy_attention(ours.attention, theirs.self_attn)
    copy(ours.attention_residual.norm, theirs.norm1)
    copy(ours.feedforward_residual.norm, theirs.norm2)
    copy(ours.feedforward.up, theirs.linear1)
    copy(ours.feedforward.down, theirs.linear2)
    x_BLD = torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(2))
    theirs(x_BLD).square().sum().backward()
    ours(x_BLD).square().sum().backward()
    want, got = theirs.self_attn.in_proj_weight.grad, ours.attention.qkv.weight.grad
    torch.testing.assert_close(got, want, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("bias", [True, False])
def test_attention_weights_equal_those_of_torch(bias):
    theirs = nn.MultiheadAttention(16, 4, bias=bias, batch_first=True)
    ours = MultiHeadAttention(16, 4, bias=bias)
    randomise(theirs, seed=3)
    ours.qkv.weight.data.copy_(theirs.in_proj_weight.data)
    if bias:
        ours.qkv.bias.data.copy_(theirs.in_proj_bias.data)
    copy(ours.out, theirs.out_proj)
    x_BLD = torch.randn(2, 6, 16, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        want_out, want = theirs(x_BLD, x_BLD, x_BLD, average_attn_weights=False)
        got_out, got = ours(x_BLD, need_weights=True)
    torch.testing.assert_close(got, want, atol=1e-5, rtol=0)
    torch.testing.assert_close(got_out, want_out, atol=1e-5, rtol=0)
