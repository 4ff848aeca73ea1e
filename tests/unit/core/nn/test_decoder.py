"""A decoder that goes step by step gives what one pass over the whole gives."""

import pytest
import torch

from fourfold.core.nn import Decoder, DecoderCache, Encoder, TransformerConfig

KINDS = [{}, {"rotary": True}, {"pre_norm": False}, {"norm": "rms", "activation": "swiglu", "bias": False}]
KEEP = torch.arange(9)[None] < torch.tensor([9, 4])[:, None]


def make(settings: dict) -> tuple[Decoder, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    config = TransformerConfig(width=16, num_layers=2, num_heads=2, **settings)
    decoder, encoder = Decoder(config).eval(), Encoder(config).eval()
    with torch.no_grad():
        return decoder, torch.randn(2, 7, 16), encoder(torch.randn(2, 9, 16), KEEP)


@pytest.mark.parametrize("settings", KINDS)
@pytest.mark.parametrize("memory_keep", [None, KEEP], ids=["whole", "padded"])
@pytest.mark.parametrize("steps", [[1] * 7, [3, 1, 1, 2]], ids=["one by one", "in pieces"])
def test_steps_with_a_cache_equal_the_full_pass(settings, memory_keep, steps):
    decoder, x_BLD, memory_BMD = make(settings)
    cache, found = DecoderCache(2), []
    with torch.no_grad():
        want = decoder(x_BLD, memory_BMD, memory_keep_BM=memory_keep)
        for part in x_BLD.split(steps, dim=1):
            found.append(decoder(part, memory_BMD, memory_keep_BM=memory_keep, cache=cache))
    assert cache.length == 7
    torch.testing.assert_close(torch.cat(found, 1), want, atol=1e-5, rtol=0)


@pytest.mark.parametrize("settings", KINDS)
def test_padding_at_the_left_with_a_cache(settings):
    decoder, x_BLD, memory_BMD = make(settings)
    keep_BL = torch.ones(2, 7, dtype=torch.bool)
    keep_BL[1, :2] = False
    cache = DecoderCache(2)
    with torch.no_grad():
        whole = decoder(x_BLD, memory_BMD, keep_BL)
        alone = decoder(x_BLD[1:, 2:], memory_BMD[1:])
        parts = [decoder(x_BLD[:, i : i + 1], memory_BMD, keep_BL[:, : i + 1], cache=cache) for i in range(7)]
    torch.testing.assert_close(torch.cat(parts, 1)[keep_BL], whole[keep_BL], atol=1e-5, rtol=0)
    torch.testing.assert_close(whole[1:, 2:], alone, atol=1e-5, rtol=0)
    assert whole.isfinite().all()


def test_the_memorys_padding_changes_nothing():
    decoder, x_BLD, memory_BMD = make({})
    with torch.no_grad():
        got = decoder(x_BLD, memory_BMD, memory_keep_BM=KEEP)[1:]
        want = decoder(x_BLD[1:], memory_BMD[1:, :4])
        none = decoder(x_BLD, memory_BMD, memory_keep_BM=torch.zeros_like(KEEP))
    torch.testing.assert_close(got, want, atol=1e-5, rtol=0)
    assert none.isfinite().all()


def test_beam_search_reorders_the_cache():
    decoder, x_BLD, memory_BMD = make({})
    rows, cache = torch.tensor([1, 1, 0]), DecoderCache(2)
    with torch.no_grad():
        decoder(x_BLD[:, :4], memory_BMD, cache=cache)
        cache.take(rows)
        got = decoder(x_BLD[rows, 4:5], memory_BMD[rows], cache=cache)
        want = decoder(x_BLD[rows, :5], memory_BMD[rows])[:, 4:]
    torch.testing.assert_close(got, want, atol=1e-5, rtol=0)


def test_checkpointing_gives_the_same_gradients():
    results = []
    for checkpoint in (False, True):
        decoder, x_BLD, memory_BMD = make({"checkpoint": checkpoint, "dropout": 0.3})
        torch.manual_seed(4)
        decoder.train()(x_BLD, memory_BMD).square().sum().backward()
        results.append([p.grad for p in decoder.parameters()])
    assert all(torch.equal(one, two) for one, two in zip(*results, strict=True))
