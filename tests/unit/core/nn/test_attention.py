"""Masks, weights for explanation and the key/value cache of attention."""

import pytest
import torch

from fourfold.core.nn import (
    Encoder,
    KeyValue,
    MultiHeadAttention,
    Rotary,
    TransformerConfig,
    causal_mask,
    padding_mask,
    record_attention,
    self_mask,
)


@pytest.fixture(name="x_BLD")
def sequence() -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(3, 6, 16)


KEEP = torch.arange(6)[None] < torch.tensor([6, 2, 4])[:, None]


@pytest.mark.parametrize("mask", [None, padding_mask(KEEP), causal_mask(6, 6)], ids=["none", "padding", "causal"])
@pytest.mark.parametrize("rotary", [False, True])
def test_weights_sum_to_one_and_give_the_output_of_sdpa(x_BLD, mask, rotary):
    attention = MultiHeadAttention(16, 4).eval()
    rotation = Rotary(4)(torch.arange(6)) if rotary else None
    with torch.no_grad():
        want, none = attention(x_BLD, mask=mask, rotation=rotation)
        got, weights = attention(x_BLD, mask=mask, rotation=rotation, need_weights=True)
    assert none is None
    torch.testing.assert_close(weights.sum(-1), torch.ones(3, 4, 6), atol=1e-6, rtol=0)
    torch.testing.assert_close(got, want, atol=1e-5, rtol=0)
    if mask is not None:
        assert weights.masked_select(~mask.expand(3, 4, 6, 6)).eq(0).all()


def test_the_causal_flag_equals_the_causal_mask(x_BLD):
    attention = MultiHeadAttention(16, 4).eval()
    with torch.no_grad():
        want = attention(x_BLD, mask=causal_mask(6, 6))[0]
        torch.testing.assert_close(attention(x_BLD, causal=True)[0], want, atol=1e-6, rtol=0)
        torch.testing.assert_close(attention(x_BLD, causal=True, need_weights=True)[0], want, atol=1e-6, rtol=0)


def test_cross_attention_reads_the_memory_and_caches_it(x_BLD):
    attention, cache = MultiHeadAttention(16, 4, cross=True).eval(), KeyValue()
    memory_BMD = torch.randn(3, 9, 16)
    with torch.no_grad():
        want, weights = attention(x_BLD, memory_BMD, need_weights=True)
        attention(x_BLD[:, :1], memory_BMD, cache=cache)
        got, _ = attention(x_BLD, None, cache=cache)
    assert weights.shape == (3, 4, 6, 9)
    assert cache.length == 9
    torch.testing.assert_close(got, want, atol=1e-6, rtol=0)


def test_dropout_acts_in_training_only_and_follows_the_default_generator(x_BLD):
    attention = MultiHeadAttention(16, 4, dropout=0.5)
    runs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        runs.append(attention(x_BLD)[0])
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])
    attention.eval()
    assert torch.equal(attention(x_BLD)[0], attention(x_BLD)[0])


def test_record_attention_leaves_no_trace(x_BLD):
    encoder = Encoder(TransformerConfig(width=16, num_layers=3)).eval()
    want = encoder(x_BLD, KEEP)
    with record_attention(encoder) as weights:
        got = encoder(x_BLD, KEEP)
    torch.testing.assert_close(got, want, atol=1e-5, rtol=0)
    assert [tuple(layer.shape) for layer in weights] == [(3, 4, 6, 6)] * 3
    encoder(x_BLD)
    assert len(weights) == 3


def test_recorded_weights_are_whole_where_only_the_first_tokens_leave(x_BLD):
    encoder = Encoder(TransformerConfig(width=16, num_layers=2)).eval()
    want = encoder(x_BLD, KEEP)[:, :1]
    with record_attention(encoder) as weights:
        got = encoder(x_BLD, KEEP, first=1)
    torch.testing.assert_close(got, want, atol=1e-5, rtol=0)
    assert [tuple(layer.shape) for layer in weights] == [(3, 4, 6, 6)] * 2


def test_no_mask_where_none_is_needed():
    assert self_mask(None, 5, 5) == (None, False)
    assert self_mask(None, 5, 5, causal=True) == (None, True)
    assert self_mask(None, 1, 5, causal=True) == (None, False)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("segments", [None, torch.tensor([[0, 0, 0, 1], [0, 1, 1, 1]])])
def test_every_query_may_look_at_something(causal, segments):
    keep = torch.tensor([[False, False, True, True], [False] * 4])
    mask, _ = self_mask(keep, 4, 4, causal=causal, segments_BL=segments)
    assert mask.expand(2, 1, 4, 4).any(-1).all()
    assert not mask.expand(2, 1, 4, 4)[0, :, 2:, :2].any()  # real tokens do not see padding


def test_each_projection_starts_at_the_scale_of_its_own_width():
    torch.manual_seed(0)
    for weight in MultiHeadAttention(128, 4).qkv.weight.split(128):
        assert weight.std().item() == pytest.approx((2 / 256) ** 0.5, rel=0.02)
