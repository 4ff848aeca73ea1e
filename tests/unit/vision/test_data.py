"""Reading images from folders, tables, lists and arrays; features; batches."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from fourfold.core.batch import Draw, Examples
from fourfold.core.errors import ArtifactError, ConfigError, DataError
from fourfold.vision.data import AugmentConfig, ImageFeatures, ImageFeaturesConfig, read


def write(path: Path, grey: int = 0, colour: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB" if colour else "L", (16, 16), (grey, 0, 0) if colour else grey).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes; the grey value says which file it was."""
    for name, grey in (("dog/b.png", 3), ("dog/a.png", 2), ("cat/deep/z.png", 1), ("cat/y.PNG", 4)):
        write(tmp_path / "pets" / name, grey)
    write(tmp_path / "pets" / ".hidden" / "x.png", 9)
    return tmp_path / "pets"


def test_a_folder_is_read_in_sorted_order(folder: Path) -> None:
    examples = read(folder)
    assert examples.labels is not None
    assert examples.labels.tolist() == ["cat", "cat", "dog", "dog"]
    assert examples.inputs[:][:, 0, 0, 0].tolist() == [1, 4, 2, 3]
    assert [examples.place(row) for row in (0, 3)] == ["pets/cat/deep/z.png", "pets/dog/b.png"]
    assert examples.inputs.dtype == np.uint8


def test_a_class_folder_that_leads_out_is_refused(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "x.png")
    (folder / "fox").symlink_to(tmp_path / "elsewhere")
    examples = read(folder)
    assert examples.errors == {4: "it leads out of the folder; put the image itself there"}


def test_what_is_no_plain_file_is_not_read(folder: Path) -> None:
    os.mkfifo(folder / "dog" / "pipe.png")
    examples = read(folder)
    assert len(examples) == 4, "a pipe is passed over"
    listed = read([folder / "dog" / "a.png", folder / "dog" / "pipe.png", Path("/dev/zero")])
    why = "not a plain file; give the path of an image"
    assert listed.errors == {1: why, 2: why}


def test_a_folder_with_a_table_as_hugging_face_has_it(tmp_path: Path) -> None:
    write(tmp_path / "set" / "a.png", 7)
    (tmp_path / "set" / "metadata.csv").write_text("file_name,label\na.png,cat\n")
    examples = read(tmp_path / "set")
    assert examples.labels is not None and examples.labels.tolist() == ["cat"]
    assert examples.inputs[0][0, 0, 0] == 7


def test_a_folder_of_images_alone_has_no_labels(folder: Path) -> None:
    examples = read(folder / "dog")
    assert examples.labels is None
    assert examples.inputs[:][:, 0, 0, 0].tolist() == [2, 3]


def test_what_is_no_image_is_left_out_and_told(folder: Path) -> None:
    (folder / "dog" / "notes.txt").write_text("good dog")
    examples = read(folder)
    assert len(examples) == 4
    assert examples.notes == ("pets/dog: left out 1 of 3 files, no images (notes.txt, …)",)


def test_a_folder_of_splits_is_refused(folder: Path) -> None:
    with pytest.raises(DataError) as error:
        read(folder.parent)
    told = "'pets' holds no images but folders (cat, dog); give {0}/pets if these are the classes"
    assert str(error.value) == f"{folder.parent.name}: " + told.format(folder.parent.name)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r": no images; put some there \(\.bmp, .*\) or remove the folder$"):
        read(tmp_path)


def test_a_table_names_files_beside_it(folder: Path) -> None:
    table = folder / "list.csv"
    table.write_text("file,kind\ndog/b.png,dog\ncat/y.PNG,cat\n")
    examples = read(table, input="file", label="kind")
    assert examples.labels is not None
    assert examples.labels.tolist() == ["dog", "cat"]
    assert examples.inputs[:][:, 0, 0, 0].tolist() == [3, 4]
    assert examples.place(1) == "list.csv:3: cat/y.PNG"


@pytest.mark.parametrize("ending", ["tsv", "jsonl", "parquet"])
def test_tables_of_every_kind(folder: Path, ending: str) -> None:
    frame = pd.DataFrame({"path": ["dog/b.png"], "label": ["dog"]})
    path = folder / f"list.{ending}"
    if ending == "tsv":
        frame.to_csv(path, sep="\t", index=False)
    elif ending == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_parquet(path)
    assert read(path).inputs[0][0, 0, 0] == 3


def test_a_frame_of_paths_or_of_images(folder: Path) -> None:
    path = str(folder / "dog" / "b.png")
    for value in (path, Image.new("L", (16, 16), 3), np.full((16, 16), 3, np.uint8)):
        examples = read(pd.DataFrame({"path": [value], "label": ["dog"]}))
        assert (examples.inputs[:] == 3).all()
        assert examples.labels is not None
        assert examples.labels.tolist() == ["dog"]


def test_one_file_and_lists(folder: Path) -> None:
    path = folder / "dog" / "b.png"
    assert (read(path).inputs[:] == 3).all()
    mixed = read([str(path), path.read_bytes(), Image.open(path), np.full((20, 20), 3, np.uint8)])
    assert (mixed.inputs[:] == 3).all()
    assert mixed.place(0) == str(path)
    assert mixed.place(1) == "row 1"


@pytest.mark.parametrize(
    ("value", "kind"),
    [(255, np.uint8), (1.0, np.float32), (16.0, np.float64), (255, np.int64), (65535, np.uint16)],
)
def test_white_is_white_in_every_array(value: float, kind: type) -> None:
    array = np.stack([np.zeros((16, 16)), np.full((16, 16), value)]).astype(kind)
    examples = read(array, ["black", "white"])
    features = ImageFeatures.fit(examples)
    assert features.pixels(examples)[:][:, 0, 0, 0].tolist() == [0, 255]
    dark = read((array / 4).astype(kind))
    assert abs(int(features.pixels(dark)[1][0, 0, 0]) - 64) <= 1, "white is that of the training set"


def test_arrays_of_other_things_are_refused() -> None:
    said = []
    for array in (np.zeros((3, 64)), np.zeros((3, 8, 8, 2)), np.zeros((0, 8, 8)), np.full((1, 8, 8), -1.0)):
        with pytest.raises(DataError) as error:
            read(array)
        said.append(str(error.value))
    assert said == [
        "array: 3 × 64 is not a shape of images; give (N, H, W) or (N, H, W, 1 or 3)",
        "array: 3 × 8 × 8 × 2 is not a shape of images; give (N, H, W) or (N, H, W, 1 or 3)",
        "array: there are no images; give at least one",
        "array: pixels below 0 or not finite; give them from 0 to 255, not normalised",
    ]


def test_other_wrong_data_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("x")
    said = []
    for data in (tmp_path / "none", tmp_path / "notes.md", [], [3]):
        with pytest.raises(DataError) as error:
            read(data)
        said.append(str(error.value).replace(f"{tmp_path}/", ""))
    with pytest.raises(DataError, match="array: 2 images but 1 labels; give one an image"):
        read(np.zeros((2, 8, 8)), ["cat"])
    assert said == [
        "none: no such file or folder; check the path",
        "notes.md: neither a folder, nor an image, nor a table, nor an archive; give one of them",
        "there are no images; give at least one",
        "row 0: int, not an image; give paths, bytes, Pillow images or arrays",
    ]


def test_an_unreadable_image_stops_training_and_is_one_error_in_prediction(folder: Path) -> None:
    (folder / "dog" / "a.png").write_bytes(b"no image")
    examples = read(folder)
    what = "none of BMP, GIF, JPEG, PNG, PPM, TIFF, WEBP"
    why = f"not a readable image ({what}); save it again as JPEG or PNG, or remove it"
    assert examples.errors == {2: why}
    with pytest.raises(DataError) as error:
        ImageFeatures.fit(examples)
    assert str(error.value) == f"pets/dog/a.png: {why}"
    rest = examples.take(np.array([0, 1, 3]))
    assert rest.errors == {}
    assert len(ImageFeatures.fit(rest).source(rest)) == 3


def test_a_missing_file_names_the_line(tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    table.write_text("path\nnone.png\n")
    examples = read(table)
    assert examples.place(0) == "list.csv:2: none.png"
    assert examples.errors == {0: "no such file; correct the path"}


def digits(count: int = 20) -> Examples:
    images = np.random.default_rng(0).integers(0, 17, (count, 8, 8)).astype(np.float64)
    return read(images, np.arange(count) % 4)


def test_batches_are_normalised() -> None:
    examples = digits()
    features = ImageFeatures.fit(examples)
    assert (features.size, features.channels, features.white, features.flip) == (16, 1, 16.0, False)
    batch = features.source(examples).batch(np.arange(20))
    assert batch["image"].shape == (20, 1, 16, 16)
    assert batch["image"].is_contiguous()
    assert abs(float(batch["image"].mean())) < 1e-3
    assert abs(float(batch["image"].std()) - 1) < 1e-3
    assert batch["label"].tolist() == [row % 4 for row in range(20)]


def test_colour_is_normalised_by_channel_and_flipped() -> None:
    images = np.random.default_rng(0).integers(0, 256, (10, 16, 16, 3), dtype=np.uint8)
    images[..., 1] //= 4
    features = ImageFeatures.fit(read(images, ["a", "b"] * 5))
    assert features.flip
    image = features.source(read(images)).batch(np.arange(10))["image"]
    assert torch.allclose(image.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-3)
    assert torch.allclose(image.std(dim=(0, 2, 3)), torch.ones(3), atol=1e-3)


def test_labels_are_minus_one_where_unknown() -> None:
    features = ImageFeatures.fit(digits())
    assert features.source(read(np.zeros((2, 8, 8)))).batch(np.array([1]))["label"].tolist() == [-1]


def test_only_training_with_a_draw_changes_images() -> None:
    examples = digits()
    features, rows, draw = ImageFeatures.fit(examples), np.arange(20), Draw(seed=0, epoch=0)
    plain = features.source(examples).batch(rows)["image"]
    training = features.source(examples, training=True)
    assert torch.equal(features.source(examples).batch(rows, draw)["image"], plain)
    assert torch.equal(training.batch(rows)["image"], plain)
    changed = training.batch(rows, draw)["image"]
    assert not torch.equal(changed, plain)
    assert torch.equal(training.batch(rows[7:9], draw)["image"], changed[7:9])


def test_channels_follow_the_training_set() -> None:
    grey, colour = np.full((2, 16, 16, 1), 100, np.uint8), np.full((2, 16, 16, 3), (255, 0, 0), np.uint8)
    of_grey, of_colour = (ImageFeatures.fit(read(images, ["a", "b"])) for images in (grey, colour))
    assert (of_grey.pixels(read(colour))[:] == 76).all()  # luma of red
    assert of_colour.pixels(read(grey)).shape == (2, 16, 16, 3)


def test_saved_features_are_the_same(tmp_path: Path) -> None:
    features = ImageFeatures.fit(digits(), ImageFeaturesConfig(size=24, augment=AugmentConfig(flip="on")))
    features.save(tmp_path)
    assert ImageFeatures.load(tmp_path) == features
    assert ImageFeatures.load(tmp_path, features.config) == features


def test_damaged_features_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError) as error:
        ImageFeatures.load(tmp_path)
    assert str(error.value) == f"{tmp_path}/images.json: no such file; copy the folder again or train anew"
    (tmp_path / "images.json").write_text("{}")
    with pytest.raises(ArtifactError) as error:
        ImageFeatures.load(tmp_path)
    told = "damaged ('mean'); copy the folder again or train anew"
    assert str(error.value) == f"{tmp_path}/images.json: {told}"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"size": -1}, "features.size (-1) must be 0 (learned) or a number of pixels"),
        ({"unreadable": 2.0}, "features.unreadable (2.0) must lie in [0, 1]: a share of the images"),
        ({"target": "x"}, "features.target ('x') must be auto, class, labels or number"),
    ],
)
def test_wrong_settings_are_refused(setting: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        ImageFeaturesConfig(**setting)
    assert str(error.value) == said


def test_moments_are_those_of_all_pixels() -> None:
    images = np.random.default_rng(0).integers(0, 256, (700, 16, 16, 3), dtype=np.uint8)
    images[..., 1] //= 3
    found = ImageFeatures.fit(read(images, np.arange(700) % 2))
    pixels = images.reshape(-1, 3) / 255
    np.testing.assert_allclose(found.mean, pixels.mean(0), atol=1e-6)
    np.testing.assert_allclose(found.std, pixels.std(0), atol=1e-6)
