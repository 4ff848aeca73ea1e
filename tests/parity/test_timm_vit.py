"""The vision Transformer in our classes against timm's, randomly initialised."""

import json
from dataclasses import replace

import pytest
import torch
import transformers
from safetensors.torch import save_file
from timm.models import VisionTransformer, create_model

from fourfold.core.batch import Batch
from fourfold.core.errors import ArtifactError, ConfigError, DataError
from fourfold.core.nn import TransformerConfig
from fourfold.vision.model import ViT, ViTConfig
from fourfold.vision.pretrained import of_timm, read_pretrained, save_pretrained, start, timm_state

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


def load_vit(state, values=None, num_classes=None, size=0):
    pretrained = of_timm(state, values=values)
    config = replace(pretrained.config, image_size=size or pretrained.config.image_size)
    model = ViT(config, num_classes or len(pretrained.weights.get("head.weight", ())))
    start(model, pretrained)
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
def test_to_a_folder_and_back(tmp_path, more):
    model = original(**more)
    values = {"global_pool": "avg"} if more else {}
    ours = load_vit(model.state_dict(), values).eval()
    again = original(**more)
    again.load_state_dict(timm_state(ours))
    save_pretrained(ours, tmp_path, kind="timm", moments=((0.4, 0.5, 0.6), (0.2, 0.2, 0.3)), labels=list("abcdefghij"))
    local = create_model(f"local-dir:{tmp_path}", pretrained=True).eval()
    found = read_pretrained(tmp_path)
    back = ViT(found.config, 10).eval()
    start(back, found)
    theirs = tuple(tuple(local.pretrained_cfg[name]) for name in ("mean", "std"))
    assert found.moments == theirs == ((0.4, 0.5, 0.6), (0.2, 0.2, 0.3))
    with torch.no_grad():
        assert torch.equal(again(images()), model(images()))
        assert torch.equal(local(images()), model(images()))
        for one in (ours, back):
            torch.testing.assert_close(one(Batch({"image": images()})), model(images()), atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", [8, 24, 32])
def test_positions_at_another_size_are_timms(size):
    model = original()
    ours = load_vit(model.state_dict(), size=size).eval()
    model.set_input_size((size, size))
    with torch.no_grad():
        torch.testing.assert_close(ours(Batch({"image": images(size)})), model(images(size)), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("width", "depth", "size"), [(64, 1, 32), (128, 2, 16), (192, 2, 48)])
def test_distilled_deit(tmp_path, width, depth, size):
    torch.manual_seed(0)
    name = "deit_tiny_distilled_patch16_224"
    model = create_model(name, img_size=size, embed_dim=width, num_heads=width // 64, depth=depth).eval()
    ours = load_vit(model.state_dict()).eval()
    save_pretrained(ours, tmp_path, kind="timm", moments=((0.5,) * 3, (0.5,) * 3))
    again = create_model(f"local-dir:{tmp_path}", pretrained=True).eval()
    with torch.no_grad():
        want = model(images(size))
        torch.testing.assert_close(ours(Batch({"image": images(size)})), want, atol=1e-5, rtol=0)
        assert torch.equal(again(images(size)), want)


@pytest.mark.parametrize(("width", "depth", "size", "patch"), [(32, 1, 16, 4), (64, 3, 32, 8), (48, 2, 24, 4)])
@pytest.mark.parametrize("kind", ["vit", "deit"])
def test_hugging_face(tmp_path, kind, width, depth, size, patch):
    torch.manual_seed(0)
    shape = {"hidden_size": width, "num_hidden_layers": depth, "num_attention_heads": width // 16, "num_labels": 7}
    shape |= {"intermediate_size": 3 * width, "image_size": size, "patch_size": patch}
    builder, settings = {
        "vit": (transformers.ViTForImageClassification, transformers.ViTConfig),
        "deit": (transformers.DeiTForImageClassificationWithTeacher, transformers.DeiTConfig),
    }[kind]
    model = builder(settings(**shape)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    model.save_pretrained(tmp_path / "theirs")
    assert read_pretrained(tmp_path / "theirs").moments == ((0.5,) * 3, (0.5,) * 3)
    moments = ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    image = {"image_mean": moments[0], "image_std": moments[1]}
    (tmp_path / "theirs" / "preprocessor_config.json").write_text(json.dumps(image))
    found = read_pretrained(tmp_path / "theirs")
    ours = ViT(found.config, 7).eval()
    start(ours, found)
    save_pretrained(ours, tmp_path / "back", kind=kind, moments=found.moments)
    assert found.moments == read_pretrained(tmp_path / "back").moments == moments
    again = builder.from_pretrained(tmp_path / "back").eval()
    with torch.no_grad():
        want = model(images(size)).logits
        torch.testing.assert_close(ours(Batch({"image": images(size)})), want, atol=1e-5, rtol=0)
        torch.testing.assert_close(again(images(size)).logits, want, atol=0, rtol=0)


def test_hugging_face_without_a_head(tmp_path):
    shape = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 16, "patch_size": 4}
    transformers.ViTModel(transformers.ViTConfig(**shape)).save_pretrained(tmp_path)
    found = read_pretrained(tmp_path)
    assert "head.weight" not in found.weights and found.config.encoder.width == 32


def test_heads_of_another_width_are_those_of_the_named_model():
    state = original(width=128).state_dict()
    assert of_timm(state).config.encoder.num_heads == 2
    known = of_timm(state, values={"architecture": "vit_huge_patch14_224"})
    assert known.config.encoder.num_heads == 16, "of width 80 there, and as many for whatever width"
    for other in ("resnet18", "nobody"):
        assert of_timm(state, values={"architecture": other}).config.encoder.num_heads == 2


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
    assert message(ArtifactError, load_vit, original(reg_tokens=1).state_dict()).startswith(
        "weights: unexpected weights: 'reg_token';"
    )
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    assert message(ArtifactError, read_pretrained, tmp_path) == (
        f"{tmp_path}/config.json: neither timm's (with an architecture) nor a model_type of vit, deit"
    )
    shape = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 16, "patch_size": 4}
    transformers.ViTModel(transformers.ViTConfig(**shape, hidden_act="relu")).save_pretrained(tmp_path)
    assert message(ArtifactError, read_pretrained, tmp_path) == (
        f"{tmp_path}: hidden_act 'relu' is not supported; there is: gelu"
    )
    found = of_timm(model.state_dict())
    for other, said in (
        (
            {"channels": 1},
            "'patches.projection.weight' has the shape (64, 3, 4, 4), where the model's has the shape (64, 1, 4, 4)",
        ),
        ({"convolutions": 2}, "'patches.stages.0.0.weight' is missing, where the model's has the shape (64, 3, 4, 4)"),
    ):
        assert message(ArtifactError, start, ViT(replace(found.config, **other), 10), found) == (
            f"weights: weight {said}; give a model of its settings"
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


def test_refused_on_the_way_out(tmp_path):
    model = ViT(ViTConfig(convolutions=2), num_classes=3)
    with pytest.raises(ArtifactError) as error:
        save_pretrained(model, tmp_path, kind="timm", moments=((0.5,), (0.5,)))
    assert str(error.value) == (
        "save_pretrained: timm's VisionTransformer differs in convolutions; begin with one of theirs, or use save"
    )
    with pytest.raises(ConfigError, match="unknown kind 'tim'"):
        save_pretrained(model, tmp_path, kind="tim", moments=((0.5,), (0.5,)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patch_size": 5}, "image_size (32) must be divisible by patch_size (5)"),
        ({"channels": 0}, "channels (0) must be 1 or more"),
        ({"pooling": "max"}, "unknown pooling 'max'; there is: first, mean, attention"),
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
