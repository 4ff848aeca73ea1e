"""Augmentation: what a row becomes depends on (seed, epoch, row) alone, and is what others make of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.transforms.v2 import functional as theirs

from fourfold.core.batch import Draw
from fourfold.core.config import override
from fourfold.core.errors import ConfigError
from fourfold.vision import ImageClassifier
from fourfold.vision.data import ImageFeatures, ImageFeaturesConfig, read
from fourfold.vision.data.augment import AugmentConfig, changed, draw_mixes, mixed_images, mixed_labels, trivial
from fourfold.vision.data.augment.geometry import NUMBERS, after, placed, resample
from fourfold.vision.data.pictures import Pixels

RANDOM = np.random.default_rng(0)
IMAGES: Pixels = RANDOM.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
ALL = AugmentConfig(shift=0.25, trivial=1.0, erase=0.5)
CROPPED = AugmentConfig(crop=0.1, erase=1.0)
FULL = AugmentConfig(crop=0.3, trivial=0.7, erase=0.3, mixup=0.8, cutmix=1.0)


def smooth(count: int = 6, side: int = 32) -> Pixels:
    coarse = torch.from_numpy(np.random.default_rng(1).uniform(0, 255, (count, 3, 5, 5)))
    fine = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic").clamp(0, 255)
    return fine.permute(0, 2, 3, 1).round().to(torch.uint8).numpy()


def shifted(numbers: np.ndarray, flip: bool = True, shift: float = 0.25) -> Pixels:
    return resample(IMAGES, placed(numbers, 8, AugmentConfig(shift=shift), flip), 8)


@settings(max_examples=25)
@given(
    st.lists(st.integers(0, 39), min_size=1, max_size=40), st.sampled_from([ALL, AugmentConfig(crop=0.1, erase=1.0)])
)
def test_a_row_is_changed_alike_in_any_batch(rows: list[int], config: AugmentConfig) -> None:
    draw = Draw(seed=5, epoch=0)
    batch = changed(IMAGES[rows], np.array(rows), draw, 8, config, True)
    for place, row in enumerate(rows):
        alone = changed(IMAGES[[row]], np.array([row]), draw, 8, config, True)
        assert (batch[place] == alone[0]).all()


def test_batches_of_mixtures_do_not_depend_on_their_company() -> None:
    features = ImageFeatures.fit(read(IMAGES, np.arange(40) % 4), ImageFeaturesConfig(size=8, augment=FULL))
    source = features.source(read(IMAGES, np.arange(40) % 4), training=True)
    draw = Draw(seed=1, epoch=3)
    whole = source.batch(np.arange(40), draw)
    for rows in (np.array([7]), np.array([30, 2, 7])):
        some = source.batch(rows, draw)
        assert all(torch.equal(some[name], whole[name][rows]) for name in ("image", "label"))
    assert whole["label"].shape == (40, 4) and torch.allclose(whole["label"].sum(1), torch.ones(40), atol=1e-6)
    assert not torch.equal(source.batch(np.arange(40), Draw(seed=1, epoch=4))["image"], whole["image"])


def test_nothing_drawn_from_the_middle_changes_nothing() -> None:
    assert (shifted(np.full((40, NUMBERS), 0.5)) == IMAGES).all()
    assert (shifted(np.zeros((40, NUMBERS)), flip=False, shift=0.0) == IMAGES).all()


def test_shifts_reach_every_offset_and_mirror_the_border() -> None:
    lowest = shifted(np.zeros((40, NUMBERS)), flip=False)
    assert (lowest[:, 2:, 2:] == IMAGES[:, :-2, :-2]).all()
    assert (lowest[:, 1, 2:] == IMAGES[:, 0, :-2]).all()
    assert (lowest[:, 0, 2:] == IMAGES[:, 1, :-2]).all()
    highest = shifted(np.full((40, NUMBERS), 1 - 2**-53), flip=True)
    assert (highest[:, :-2, :-2] == IMAGES[:, 2:, 2:]).all()


def test_half_of_the_images_are_mirrored() -> None:
    numbers = np.full((40, NUMBERS), 0.5)
    numbers[:20, 2] = 0.49
    out = shifted(numbers, shift=0.0)
    assert (out[:20] == IMAGES[:20, :, ::-1]).all()
    assert (out[20:] == IMAGES[20:]).all()


def test_crops_keep_to_their_share() -> None:
    maps = placed(RANDOM.random((2000, NUMBERS)), 32, AugmentConfig(crop=0.25), flip=False)
    area = maps[:, 0, 0] * maps[:, 1, 1]
    assert 0.24 < area.min() < 0.3 and area.max() <= 1 and maps[:, [0, 1], [0, 1]].max() <= 1
    corners = np.abs(maps[:, :, 2]) + maps[:, [0, 1], [0, 1]]
    assert corners.max() <= 1 + 1e-9, "no crop leaves the image"


def test_a_crop_is_a_piece_of_the_image() -> None:
    images, numbers = smooth(), np.tile([0.0, 0.0, 0.9, 0.0, 0.5], (6, 1))
    out = resample(images, placed(numbers, 32, AugmentConfig(crop=0.25), flip=False), 32)
    want = theirs.resize(torch.from_numpy(images[:, :16, :16]).permute(0, 3, 1, 2), [32, 32], antialias=False)
    assert np.abs(out.astype(int) - want.permute(0, 2, 3, 1).numpy().astype(int))[:, 1:-1, 1:-1].max() <= 2


def operation(name: str, strength: float) -> Pixels:
    images = smooth()
    kinds = np.full(len(images), trivial.OPERATIONS.index(name))
    strengths = np.full(len(images), strength)
    moved = resample(images, trivial.moved(kinds, strengths, 32), 32)
    trivial.recolour(moved, kinds, strengths)
    return moved


@pytest.mark.parametrize("strength", [-0.8, 0.3, 1.0])
@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("brightness", lambda x, s: theirs.adjust_brightness(x, 1 + 0.99 * s)),
        ("contrast", lambda x, s: theirs.adjust_contrast(x, 1 + 0.99 * s)),
        ("color", lambda x, s: theirs.adjust_saturation(x, 1 + 0.99 * s)),
        ("sharpness", lambda x, s: theirs.adjust_sharpness(x, 1 + 0.99 * s)),
        ("posterize", lambda x, s: theirs.posterize(x, round(8 - 6 * abs(s)))),
        ("solarize", lambda x, s: theirs.solarize(x, 255 * (1 - abs(s)))),
        ("auto_contrast", lambda x, s: theirs.autocontrast(x)),
        ("equalize", lambda x, s: theirs.equalize(x)),
        ("identity", lambda x, s: x),
    ],
)
def test_colours_are_torchvisions(name: str, function: object, strength: float) -> None:
    images = torch.from_numpy(smooth()).permute(0, 3, 1, 2)
    want = torch.stack([function(image, strength) for image in images]).permute(0, 2, 3, 1).numpy()
    found = operation(name, strength)
    assert np.abs(found.astype(int) - want.astype(int)).max() <= 2 and (found == want).mean() > 0.7


@pytest.mark.parametrize("strength", [-0.5, 0.25])
@pytest.mark.parametrize(
    ("name", "settings_of"),
    [
        ("shear_x", lambda s: {"shear": [np.rad2deg(np.arctan(-0.99 * s)), 0.0]}),
        ("shear_y", lambda s: {"shear": [0.0, np.rad2deg(np.arctan(-0.99 * s))]}),
        ("translate_x", lambda s: {"translate": [32 * s, 0]}),
        ("translate_y", lambda s: {"translate": [0, 32 * s]}),
        ("rotate", lambda s: {"angle": 135 * s}),
    ],
)
def test_movements_are_torchvisions_where_no_border_is_seen(name: str, settings_of: object, strength: float) -> None:
    plain = {"angle": 0.0, "translate": [0, 0], "scale": 1.0, "shear": [0.0, 0.0], "interpolation": 2}
    images = torch.from_numpy(smooth()).permute(0, 3, 1, 2)
    want = theirs.affine(images, **plain | settings_of(strength), center=None)
    seen = theirs.affine(torch.full_like(images, 255), **plain | settings_of(strength)) == 255
    apart = (torch.from_numpy(operation(name, strength)).permute(0, 3, 1, 2).int() - want.int()).abs()
    assert apart[seen].float().mean() < 1 and seen.float().mean() > 0.4


def test_maps_follow_one_another() -> None:
    numbers, images = RANDOM.random((6, NUMBERS)), smooth()
    first = placed(numbers, 32, AugmentConfig(shift=0.0), True)
    then = trivial.moved(np.full(6, 1), np.full(6, 0.4), 32)
    both = resample(images, after(first, then), 32)
    assert np.abs(both.astype(int) - resample(resample(images, first, 32), then, 32).astype(int)).max() <= 2


def test_a_share_is_changed_and_the_rest_is_not() -> None:
    numbers = RANDOM.random((10_000, 4))
    operations = trivial.chosen(numbers, 0.6)
    counts = np.bincount(operations, minlength=14) / 10_000
    assert np.abs(counts[1:] - 0.6 / 14).max() < 0.01 and trivial.chosen(numbers, 0.0).max() == 0


def test_erasing_fills_a_rectangle_with_noise() -> None:
    grey = np.full((200, 32, 32, 1), 100, np.uint8)
    out = changed(grey, np.arange(200), Draw(0, 0), 32, AugmentConfig(shift=0.0, erase=0.5), False)
    gone = (out != 100)[..., 0]
    touched = gone.any(axis=(1, 2))
    assert 0.4 < touched.mean() < 0.6
    for image in gone[touched]:
        rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
        box = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert box.mean() > 0.9 and 0.01 < box.size / 1024 < 0.4


@pytest.mark.parametrize("config", [AugmentConfig(mixup=0.4), AugmentConfig(cutmix=1.0), FULL])
def test_labels_are_mixed_in_the_share_of_the_pixels(config: AugmentConfig) -> None:
    numbers = RANDOM.random((300, 5))
    mix = draw_mixes(numbers, 40, 16, config)
    black, white = np.zeros((300, 16, 16, 1), np.uint8), np.full((300, 16, 16, 1), 255, np.uint8)
    brightness = mixed_images(black, white, mix).mean(axis=(1, 2, 3)) / 255
    labels = mixed_labels(np.tile(np.float32([1, 0]), (300, 1)), np.tile(np.float32([0, 1]), (300, 1)), mix)
    assert np.abs(labels[:, 1] - brightness).max() < 0.003 and np.allclose(labels.sum(1), 1)
    assert mix.partners.min() >= 0 and mix.partners.max() < 40 and 0.3 < mix.shares.mean() < 0.7


def test_large_images_are_kept_larger_and_seen_in_the_middle() -> None:
    images = RANDOM.integers(0, 256, (4, 112, 112, 3), dtype=np.uint8)
    examples = read(images, ["a", "b"] * 2)
    features = ImageFeatures.fit(examples, ImageFeaturesConfig(size=98))
    source = features.source(examples, training=True)
    want = features.normalise(images[:, 7:105, 7:105])
    assert torch.equal(source.batch(np.arange(4))["image"], want)
    assert source.batch(np.arange(4), Draw(0, 0))["image"].shape == want.shape


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"shift": 0.5}, "augment.shift (0.5) must lie in [0, 0.5): a share of the side"),
        ({"flip": "yes"}, "augment.flip ('yes') must be auto, on or off"),
        ({"erase": 2.0}, "augment.erase (2.0) must lie in [0, 1]: a share"),
        ({"mixup": -1.0}, "augment.mixup (-1.0) must be 0 (off) or above"),
    ],
)
def test_wrong_settings_are_refused(setting: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        AugmentConfig(**setting)
    assert str(error.value) == said


def test_training_may_begin_with_smaller_images() -> None:
    config = AugmentConfig(small_size=6, small_share=0.5, cutmix=1.0)
    examples = read(IMAGES, np.arange(40) % 4)
    features = ImageFeatures.fit(examples, ImageFeaturesConfig(size=8, augment=config))
    source = features.source(examples, training=True)
    sides = [source.batch(np.arange(5), Draw(0, 0, share))["image"].shape[-1] for share in (0.0, 0.4, 0.5, 1.0)]
    assert sides == [6, 6, 8, 8] and source.batch(np.arange(5))["image"].shape[-1] == 8


def test_test_flips_average_both() -> None:
    examples = read(IMAGES, np.arange(40) % 4)
    config = override(ImageClassifier("tiny").resolve(), {"train": {"epochs": 1}, "wide": False, "test_flips": True})
    model = ImageClassifier("tiny", config=config).fit(examples, valid=0)
    flipped = read(IMAGES[:, :, ::-1])
    np.testing.assert_allclose(model.predict_proba(IMAGES), model.predict_proba(flipped.inputs), atol=1e-5)
    model.config_ = override(model.config_, {"test_flips": False})
    assert np.abs(model.predict_proba(IMAGES) - model.predict_proba(flipped.inputs)).max() > 1e-3


def test_test_shift_averages_over_moved_images() -> None:
    examples = read(IMAGES, np.arange(40) % 4)
    sets = {"train": {"epochs": 1}, "wide": False, "test_shift": 1, "features": {"size": 8}}
    config = override(ImageClassifier("tiny").resolve(), sets)
    model = ImageClassifier("tiny", config=config).fit(examples, valid=0)
    averaged, padded = model.predict_proba(IMAGES), np.pad(IMAGES, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    model.config_ = override(model.config_, {"test_shift": 0})
    alone = [model.predict_proba(images) for images in (IMAGES, padded[:, 2:, 2:], padded[:, :-2, :-2])]
    np.testing.assert_allclose(averaged, np.mean(alone, axis=0), atol=1e-6)
    assert np.abs(averaged - alone[0]).max() > 1e-3


def test_test_flips_are_for_what_was_trained_on_both() -> None:
    train = {"train": {"epochs": 1}, "wide": False, "features": {"augment": {"flip": "off"}}}
    config = override(ImageClassifier("tiny").resolve(), train)
    model = ImageClassifier("tiny", config=config).fit(read(IMAGES, np.arange(40) % 4), valid=0)
    plain = model.predict_proba(IMAGES)
    model.config_ = override(model.config_, {"test_flips": True})
    assert (model.predict_proba(IMAGES) == plain).all()


@pytest.mark.parametrize(
    ("preset", "size", "small_size", "said"),
    [
        ("tiny", 32, 6, r"features\.augment\.small_size \(6\) must be divisible by 4"),
        ("small", 64, 40, r"features\.augment\.small_size \(40\) must be divisible by 16"),
        ("small", 64, 80, r"features\.augment\.small_size \(80\) must be at most 64, the size"),
        ("small", 100, 0, r"image_size \(100\) must be divisible by 2 to the power of the convolutions \(16\)"),
    ],
)
def test_sizes_that_cannot_be_cut_are_told_before_anything_is_trained(
    preset: str, size: int, small_size: int, said: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr(ImageClassifier, "fit_baseline", None)
    settings = {"features": {"size": size, "augment": {"small_size": small_size}}}
    config = override(ImageClassifier(preset).resolve(), settings)
    with pytest.raises(ConfigError, match=said):
        ImageClassifier(config=config).fit(np.zeros((8, 32, 32, 3), np.uint8), list("abababab"), valid=0)


def test_small_sizes_are_measured_by_the_learned_size() -> None:
    config = override(ImageClassifier("small").resolve(), {"features": {"augment": {"small_size": 12}}})
    features = ImageFeatures.fit(
        ImageClassifier().read(np.zeros((4, 16, 16, 3), np.uint8), list("abab")), config.features
    )
    assert config.model_for(features).stride == 4
