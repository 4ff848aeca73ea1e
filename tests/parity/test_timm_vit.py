"""The vision Transformer in our classes against timm's, randomly initialised."""

import pytest
import torch
from safetensors.torch import save_file
from timm.models import VisionTransformer, create_model

from fourfold.core.batch import Batch
from fourfold.core.errors import ArtifactError, ConfigError, DataError
from fourfold.core.nn import TransformerConfig
from fourfold.vision.model import ViT, ViTConfig
from fourfold.vision.pretrained import load_vit, timm_state, vit_config

SHAPES = [  # size, patch, channels, width, layers, classes; heads of width 64
    (32, 4, 3, 64, 2, 10),
    (28, 7, 1, 128, 3, 4),
    (16, 16, 3, 64, 1, 2),
]


def original(size=16, patch=4, channels=3, width=64, layers=2, classes=10, **more):
    torch.manual_seed(0)
    model = VisionTransformer(
        img_size=size,
        patch_size=patch,
        in_chans=channels,
        embed_dim=width,
        depth=layers,
        num_heads=width // 64,
        num_classes=classes,
        **more,
    ).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def images(size=16, channels=3) -> torch.Tensor:
    return torch.randn(3, channels, size, size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("size", "patch", "channels", "width", "layers", "classes"), SHAPES)
@pytest.mark.parametrize(
    "more",
    [{}, {"global_pool": "avg"}, {"global_pool": "avg", "class_token": False}],
    ids=["token", "mean", "mean, no token"],
)
def test_logits(size, patch, channels, width, layers, classes, more):
    model = original(size, patch, channels, width, layers, classes, **more)
    ours = load_vit(model.state_dict()).eval()
    image = images(size, channels)
    with torch.no_grad():
        torch.testing.assert_close(ours(Batch({"image": image})), model(image), atol=1e-5, rtol=0)


def test_hidden_states_of_every_layer():
    model = original(layers=3)
    ours = load_vit(model.state_dict()).eval()
    found, wanted = [], []
    for layer, block in zip(ours.encoder.layers, model.blocks, strict=True):
        layer.register_forward_hook(lambda module, args, output: found.append(output))
        block.register_forward_hook(lambda module, args, output: wanted.append(output))
    entering = []
    ours.encoder.register_forward_pre_hook(lambda module, args: entering.append(args))
    with torch.no_grad():
        ours(Batch({"image": images()}))
        only = found.pop()  # the head reads the class token, so that no other leaves the last layer
        found.clear()
        ours.encoder(*entering[0])
        model(images())
    assert len(found) == 3
    torch.testing.assert_close(only, wanted[-1][:, :1], atol=1e-5, rtol=1e-5)
    for got, want in zip(found, wanted, strict=True):
        torch.testing.assert_close(got, want, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("more", [{}, {"global_pool": "avg"}, {"global_pool": "avg", "fc_norm": False}])
def test_from_a_file_and_back(tmp_path, more):
    model = original(**more)
    save_file(model.state_dict(), tmp_path / "vit.safetensors")
    pooling = "mean" if more else "first"
    ours = load_vit(tmp_path / "vit.safetensors", vit_config(model.state_dict(), pooling=pooling)).eval()
    again = original(**more)
    again.load_state_dict(timm_state(ours))
    with torch.no_grad():
        assert torch.equal(again(images()), model(images()))
        torch.testing.assert_close(ours(Batch({"image": images()})), model(images()), atol=1e-5, rtol=0)


def test_deit_by_name():
    torch.manual_seed(0)
    model = create_model("deit_tiny_patch16_224", img_size=32, depth=2).eval()
    ours = load_vit(model.state_dict()).eval()
    with torch.no_grad():
        got = ours(Batch({"image": images(32)}))
        torch.testing.assert_close(got, model(images(32)), atol=1e-5, rtol=0)


def test_another_number_of_classes_draws_the_head_afresh():
    model = original()
    ours = load_vit(model.state_dict(), num_classes=3)
    assert ours.head.weight.shape == (3, 64)
    assert torch.equal(ours.encoder.norm.weight, model.norm.weight)


def test_errors(tmp_path):
    def message(error, call, *args):
        with pytest.raises(error) as caught:
            call(*args)
        return str(caught.value)

    model = original()
    assert message(ArtifactError, load_vit, {"head.weight": torch.ones(1, 1)}) == (
        "weights: not a timm vision Transformer; give the weights of a ViT or DeiT"
    )
    assert message(ConfigError, load_vit, original(classes=0).state_dict()) == (
        "weights: these weights hold no head; give num_classes"
    )
    assert message(ArtifactError, load_vit, original(reg_tokens=1).state_dict()).startswith(
        "weights: unexpected weights: 'reg_token';"
    )
    assert message(ArtifactError, load_vit, tmp_path / "vit.bin") == (
        f"{tmp_path}/vit.bin: only .safetensors files are read; save the model again in that format"
    )
    ours = load_vit(model.state_dict())
    assert message(DataError, ours, Batch({"image": torch.zeros(1, 1, 28, 28)})) == (
        "images are 1 × 28 × 28 (channels, height, width), not 3 × 16 × 16; resize them"
    )


def test_most_of_the_model_is_the_core():
    model = ViT(ViTConfig(), num_classes=10)
    core = sum(p.numel() for p in model.encoder.parameters())
    tables = sum(p.numel() for p in model.positions.parameters())
    assert core / (sum(p.numel() for p in model.parameters()) - tables) > 0.7


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patch_size": 5}, "image_size (32) must be divisible by patch_size (5)"),
        ({"channels": 0}, "channels (0) must be 1 or more"),
        ({"pooling": "max"}, "unknown pooling 'max'; there is: first, mean"),
        ({"pooling": "first"}, "pooling 'first' needs class_token=True; or pool by 'mean'"),
        (
            {"pooled_norm": True},
            "pooled_norm takes the place of the encoder's norm; set encoder.final_norm=False",
        ),
        ({"dropout": 1.0}, "dropout (1.0) must lie in [0, 1)"),
    ],
)
def test_config_errors(settings, message):
    with pytest.raises(ConfigError) as caught:
        ViTConfig(encoder=TransformerConfig(), **settings)
    assert str(caught.value) == message
