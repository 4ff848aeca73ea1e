"""What must not change a result: padding, neighbours in the batch, packing, checkpointing."""

import pytest
import torch
from torch import Tensor, nn

from fourfold.core.nn import DropPath, Encoder, EncoderLayer, Pooling, TransformerConfig, pack, pack_rows

LENGTHS = [5, 1, 9, 3, 7, 2]
KINDS = [
    {},
    {"rotary": True},
    {"pre_norm": False, "activation": "relu"},
    {"norm": "rms", "activation": "swiglu", "bias": False, "final_norm": False},
]


class Classifier(nn.Module):
    """An encoder, pooling and a head: what every domain does."""

    def __init__(self, settings: dict, pooling: str = "mean") -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encoder = Encoder(TransformerConfig(width=16, num_layers=2, num_heads=2, **settings))
        self.pooling = Pooling(pooling, 16)
        self.head = nn.Linear(16, 3)
        if pooling == "attention":
            nn.init.normal_(self.pooling.score.weight)

    def forward(self, x_BLD: Tensor, keep_BL: Tensor | None) -> Tensor:
        return self.head(self.pooling(self.encoder(x_BLD, keep_BL), keep_BL))


def rows() -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(length, 16, generator=generator) for length in LENGTHS]


def padded(chosen: list[Tensor], length: int = 0) -> tuple[Tensor, Tensor]:
    """Stack rows, with junk where they are padded."""
    length = length or max(map(len, chosen))
    x_BLD = torch.full((len(chosen), length, 16), 7.0)
    for number, row in enumerate(chosen):
        x_BLD[number, : len(row)] = row
    return x_BLD, torch.arange(length)[None] < torch.tensor([len(row) for row in chosen])[:, None]


@pytest.mark.parametrize("pooling", ["mean", "first", "max", "attention"])
@pytest.mark.parametrize("settings", KINDS)
def test_padding_order_and_bucket_change_no_logit(settings, pooling):
    model, all_rows = Classifier(settings, pooling).eval(), rows()
    with torch.no_grad():
        alone = torch.cat([model(row[None], None) for row in all_rows])
        together = model(*padded(all_rows))
        longer = model(*padded(all_rows, length=20))
        order = [3, 0, 5, 2, 1, 4]
        mixed = model(*padded([all_rows[i] for i in order]))
        buckets = torch.cat([model(*padded(all_rows[:2])), model(*padded(all_rows[2:]))])
    for got in (together, longer, mixed[torch.tensor(order).argsort()], buckets):
        torch.testing.assert_close(got, alone, atol=1e-5, rtol=0)


@pytest.mark.parametrize("settings", [*KINDS, {"checkpoint": True}])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("padding", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_first_tokens_alone_are_those_of_all(settings, causal, padding, dtype):
    encoder = Classifier(settings).encoder.eval()
    x_BLD, keep_BL = padded(rows())
    grads = []
    for first in (None, 2):
        encoder.zero_grad()
        with torch.autocast("cpu", dtype=dtype, enabled=dtype == torch.bfloat16):
            out_BLD = encoder(x_BLD, keep_BL if padding else None, causal=causal, first=first)
        assert out_BLD.shape == (6, 2 if first else 9, 16)
        out_BLD[:, :2].square().sum().backward()
        grads.append([out_BLD[:, :2], *(p.grad for p in encoder.parameters())])
    near = 1e-4 if dtype == torch.float32 else 0.1
    for want, got in zip(*grads, strict=True):
        torch.testing.assert_close(got, want, atol=near * max(1, want.abs().max().item()), rtol=0)


@pytest.mark.parametrize("settings", KINDS)
@pytest.mark.parametrize("causal", [False, True])
def test_packing_changes_no_result(settings, causal):
    model = Classifier(settings).eval()
    x_BLD, keep_BL = padded(rows())
    packed = pack_rows(x_BLD, keep_BL, pack(LENGTHS, capacity=10))
    assert packed.values.shape == (3, 10, 16)
    with torch.no_grad():
        want = model.encoder(x_BLD, keep_BL, causal=causal)
        for positions in (packed.positions, None):  # rotary positions are relative: both are right
            got_NCD = model.encoder(
                packed.values, packed.keep, causal=causal, segments_BL=packed.segments, positions_BL=positions
            )
            got = packed.unpack(got_NCD)
            torch.testing.assert_close(got[keep_BL], want[keep_BL], atol=1e-5, rtol=0)
            assert got[~keep_BL].eq(0).all()


def test_packing_passes_gradients_back_to_the_rows():
    model = Classifier({})
    grads = []
    for packing in (False, True):
        x_BLD, keep_BL = padded(rows())
        x_BLD.requires_grad_()
        if packing:
            packed = pack_rows(x_BLD, keep_BL, pack(LENGTHS, capacity=10))
            out = packed.unpack(model.encoder.eval()(packed.values, segments_BL=packed.segments))
        else:
            out = model.encoder.eval()(x_BLD, keep_BL)
        (out * keep_BL[..., None]).square().sum().backward()
        grads.append(x_BLD.grad)
    torch.testing.assert_close(grads[1], grads[0], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("pooling", ["mean", "first", "max", "attention"])
def test_rows_of_nothing_but_padding_give_numbers(causal, pooling):
    model = Classifier({}, pooling)
    x_BLD, keep_BL = padded(rows())
    keep_BL[2] = False
    out_BLD = model.encoder(x_BLD, keep_BL, causal=causal)
    out = model.head(model.pooling(out_BLD, keep_BL))
    out.sum().backward()
    assert out.isfinite().all()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize("settings", KINDS)
def test_causal_tokens_do_not_see_what_follows(settings):
    encoder = Classifier(settings).encoder.eval()
    x_BLD = torch.randn(2, 8, 16)
    with torch.no_grad():
        whole = encoder(x_BLD, causal=True)
        for length in (1, 3, 7):
            part = encoder(x_BLD[:, :length], causal=True)
            torch.testing.assert_close(part, whole[:, :length], atol=1e-5, rtol=0)


def test_checkpointing_gives_the_same_gradients():
    x_BLD = torch.randn(4, 6, 16, generator=torch.Generator().manual_seed(3))
    results = []
    for checkpoint in (False, True):
        model = Classifier({"checkpoint": checkpoint, "dropout": 0.3, "drop_path": 0.3, "attention_dropout": 0.2})
        torch.manual_seed(4)
        model(x_BLD, None).square().sum().backward()
        results.append([p.grad for p in model.parameters()])
    assert all(torch.equal(one, two) for one, two in zip(*results, strict=True))


def test_stochastic_depth_keeps_the_expectation_and_drops_whole_rows():
    torch.manual_seed(0)
    drop = DropPath(0.25)
    out = drop(torch.ones(40_000, 2, 3))
    assert out.unique().tolist() == pytest.approx([0, 4 / 3])
    assert (out == out[:, :1, :1]).all()
    assert out.mean().item() == pytest.approx(1, abs=0.01)  # 3 standard errors
    assert torch.equal(drop.eval()(out), out)


def test_stochastic_depth_grows_with_the_layer():
    encoder = Encoder(TransformerConfig(width=8, num_layers=3, drop_path=0.2))
    rates = [layer.attention_residual.drop_path.rate for layer in encoder.layers]
    assert rates == pytest.approx([0, 0.1, 0.2])


def test_a_dropped_pre_norm_layer_is_the_identity():
    layer = EncoderLayer(TransformerConfig(width=8, num_heads=2, dropout=0.0), drop_path=0.999)
    torch.manual_seed(0)
    x_BLD = torch.randn(4, 3, 8)
    assert torch.equal(layer(x_BLD), x_BLD)


@pytest.mark.parametrize("settings", KINDS)
def test_bfloat16_autocast_keeps_the_residual_stream_in_float32(settings):
    model = Classifier(settings)
    x_BLD, keep_BL = padded(rows())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out_BLD = model.encoder(x_BLD, keep_BL)
        logits = model.head(model.pooling(out_BLD, keep_BL))
    logits.float().sum().backward()
    with torch.no_grad():
        exact = model.eval().encoder(x_BLD, keep_BL)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            near = model.encoder(x_BLD, keep_BL)
    assert near.dtype == torch.float32
    torch.testing.assert_close(near[keep_BL], exact[keep_BL], atol=0.1, rtol=0.1)
    assert all(p.grad is not None and p.grad.dtype == torch.float32 for p in model.parameters())


def test_it_is_built_without_memory_on_the_meta_device():
    with torch.device("meta"):
        model = Encoder(TransformerConfig(width=16, num_layers=3, drop_path=0.2))
    assert {weight.device.type for weight in model.state_dict().values()} == {"meta"}
    assert [layer.attention_residual.drop_path.rate for layer in model.layers] == pytest.approx([0, 0.1, 0.2])
