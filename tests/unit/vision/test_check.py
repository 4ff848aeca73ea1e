"""What `check` finds in images, and what training does about it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from console import fourfold
from PIL import Image, ImageFilter

from fourfold.core.errors import DataError
from fourfold.vision import ImageClassifier
from fourfold.vision.data import look_alikes
from fourfold.vision.data.table import ImageTable

RANDOM = np.random.default_rng(0)


def picture(seed: int, size: tuple[int, int] = (64, 64)) -> Image.Image:
    """Soft noise: no two look alike."""
    noise = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    for k in range(20):
        path = tmp_path / "pets" / ("cat" if k % 2 else "dog") / f"{k:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(k).save(path)
    return tmp_path / "pets"


def test_look_alikes_are_found_and_nothing_else() -> None:
    plain = [picture(k) for k in range(30)]
    again = [
        plain[0].resize((48, 48)).resize((64, 64)),
        plain[1].filter(ImageFilter.GaussianBlur(1)),
        Image.fromarray((np.asarray(plain[2]) * 0.97).astype(np.uint8)),
        plain[3],
    ]
    found = look_alikes(ImageTable.of(np.stack([np.asarray(one) for one in (*plain, *again)])))
    assert found[30:].tolist() == [0, 1, 2, 3] and len(np.unique(found)) == 30
    apart = look_alikes(*(ImageTable.of(np.stack([np.asarray(one) for one in part])) for part in (plain, again)))
    assert (apart == found).all()


@pytest.mark.parametrize("shape", [(62, 47), (47, 62), (5, 9), (8, 8)])
def test_images_of_any_shape_are_compared(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, *shape, 1), dtype=np.uint8)
    assert look_alikes(ImageTable.of(np.concatenate([pixels, pixels[:2]]))).tolist() == [0, 1, 2, 3, 4, 5, 0, 1]


def test_flat_images_of_different_brightness_do_not_look_alike() -> None:
    flat = np.arange(0, 250, 25, dtype=np.uint8)[:, None, None, None] * np.ones((1, 16, 16, 1), np.uint8)
    assert len(np.unique(look_alikes(ImageTable.of(flat)))) == 10


def test_what_is_wrong_is_said(pets: Path) -> None:
    picture(0).save(pets / "cat" / "copy-of-a-dog.jpg", quality=90)
    picture(50, (400, 40)).save(pets / "dog" / "long.png")
    (pets / "dog" / "broken.jpg").write_bytes(b"\xff\xd8\xff no more")
    (pets / "cat" / "out.png").symlink_to("/etc/hostname")
    found = ImageClassifier().check(pets)
    assert found["rows in error"] == 2 and found["look-alikes"] == 1 and found["duplicates"] == 0
    assert found["sizes"] == {"smallest": "64 × 64", "median": "64 × 64", "largest": "400 × 40"}
    assert [warning.partition(": ")[2] for warning in found["warnings"]] == [
        "1 of 22 images look like an earlier one (0 are the same in all pixels)",
        "1 image looks like one with another label (pets/cat/copy-of-a-dog.jpg); settle which is right",
        "1 image is over 3 times as long as wide, or as wide as long (pets/dog/long.png); only their middle is seen",
    ]
    assert found["errors"]["pets/cat/out.png"] == "it leads out of the folder; put the image itself there"
    assert found["fatal"] == ["pets/cat/out.png: it leads out of the folder; put the image itself there"]


def test_images_in_both_sets_are_told(pets: Path, tmp_path: Path) -> None:
    for k in (3, 4, 77):
        path = tmp_path / "test" / ("cat" if k % 2 else "dog") / f"{k}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(k).save(path, quality=95)
    found = ImageClassifier().check(pets, test=tmp_path / "test")
    assert found["test"]["look-alikes in both"] == 2
    assert any("2 of 3 images look like one in pets" in warning for warning in found["warnings"])
    same = ImageClassifier().check(pets, test=pets)
    assert same["fatal"] == ["pets: holds the same images as pets; give rows that are not trained on"]


def test_a_few_unreadable_images_are_left_out_and_more_stop_training(pets: Path, tmp_path: Path) -> None:
    (pets / "dog" / "broken.png").write_bytes(b"")
    strict = ImageClassifier("linear")
    with pytest.raises(DataError, match=r"pets/dog/broken\.png: not a readable image"):
        strict.fit(pets)
    options = ("--preset", "linear", "--set", "features.unreadable=0.1", "--out", tmp_path / "run")
    lenient = fourfold("vision", "train", pets, *options)
    assert lenient.code == 0
    assert "pets: left out 1 of 21 rows (pets/dog/broken.png: not a readable image" in lenient.err


def test_parts_are_found(pets: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    for part, first in (("train", 0), ("val", 100), ("test", 200)):
        for k in range(12):
            path = whole / part / ("cat" if k % 2 else "dog") / f"{k}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            picture(first + k).save(path)
    done = fourfold("vision", "train", whole, "--preset", "linear", "--out", tmp_path / "run")
    assert done.code == 0 and "on 12 test rows of test" in done.out
    assert ImageClassifier("linear").fit(whole).evaluation_.data == "val"
    assert "look-alikes in both" in fourfold("vision", "check", whole).out


def test_predict_takes_files_folders_patterns_and_urls(pets: Path, tmp_path: Path) -> None:
    run = ImageClassifier("linear").fit(pets, out=tmp_path / "run")
    assert run is not None
    wanted = [str(pets / "cat" / "01.png"), str(pets / "dog"), str(pets / "c*" / "0*.png")]
    url = (pets / "dog" / "00.png").as_uri()
    done = fourfold("vision", "predict", tmp_path / "run", *wanted, url, "none-*.png")
    lines = done.out.splitlines()
    assert done.code == 0 and len(lines) == 1 + 1 + 10 + 5 + 1 + 1
    assert lines[-1].endswith("no such file; correct the path")
