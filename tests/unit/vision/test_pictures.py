"""Decoding: modes, orientation, geometry, errors word for word."""

from __future__ import annotations

import io
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fourfold.vision.data import decoding, pictures
from fourfold.vision.data.decoding import decode_all, resize_all
from fourfold.vision.data.pictures import decode, natural_side
from fourfold.vision.data.table import ImageTable

RED, GREEN, WHITE = (255, 0, 0), (0, 255, 0), (255, 255, 255)


def halves(width: int = 8, height: int = 8) -> Image.Image:
    """Red above green."""
    image = Image.new("RGB", (width, height), GREEN)
    image.paste(RED, (0, 0, width, height // 2))
    return image


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it turned a quarter clockwise
    pixels = decode(encoded(halves(), exif=exif), 8).pixels
    assert pixels[4, 7].tolist() == list(RED)
    assert pixels[4, 0].tolist() == list(GREEN)


def test_a_palette_becomes_its_colours() -> None:
    pixels = decode(encoded(halves().quantize(2)), 8).pixels
    assert pixels.shape == (8, 8, 3)
    assert pixels[0, 0].tolist() == list(RED)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_shows_white(mode: str) -> None:
    image = Image.new("RGBA", (8, 8), (255, 0, 0, 0)).convert(mode)
    pixels = decode(encoded(image), 8).pixels
    assert pixels.min() == 255
    assert pixels.ndim == (2 if mode == "LA" else 3)


def test_a_palette_with_a_transparent_colour_shows_white() -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([0, 0, 0, 255, 0, 0])
    assert decode(encoded(image, transparency=0), 8).pixels[0, 0].tolist() == list(WHITE)


def test_cmyk_becomes_rgb() -> None:
    pixels = decode(encoded(halves().convert("CMYK"), "TIFF"), 8).pixels
    assert pixels[0, 0].tolist() == list(RED)


def test_16_bit_grey_keeps_its_upper_bits() -> None:
    values = np.full((8, 8), 40_000, np.uint16)
    assert (decode(encoded(Image.fromarray(values)), 8).pixels == 40_000 >> 8).all()


def test_black_and_white_is_grey() -> None:
    pixels = decode(encoded(Image.new("1", (8, 8), 1)), 8).pixels
    assert pixels.shape == (8, 8)
    assert pixels.min() == 255


def test_floats_are_scaled_where_they_end_at_one() -> None:
    image = Image.fromarray(np.full((8, 8), 0.5, np.float32))
    assert (decode(encoded(image, "TIFF"), 8).pixels == 128).all()


def test_the_longer_side_is_cropped_around_the_centre() -> None:
    image = Image.new("RGB", (64, 16), GREEN)
    image.paste(RED, (24, 0, 40, 16))
    assert (decode(image, 16).pixels == RED).all()
    assert (decode(image, 8).pixels[:, 1:-1] == RED).all()


def test_a_large_jpeg_is_decoded_small() -> None:
    pixels = decode(encoded(halves(1024, 1024), "JPEG"), 16).pixels
    assert pixels.shape == (16, 16, 3)
    assert abs(pixels[2, 2].astype(int) - RED).max() < 8


def test_all_grey_gives_one_channel_and_one_colour_gives_three() -> None:
    grey = Image.new("L", (8, 8), 7)
    assert decode_all([grey, grey], 8)[0].shape == (2, 8, 8, 1)
    images, errors = decode_all([grey, halves()], 8)
    assert images.shape == (2, 8, 8, 3)
    assert (images[0] == 7).all()
    assert errors == {}


def test_rows_keep_their_order_over_many_chunks() -> None:
    images, _ = decode_all([np.full((4, 4), row % 256, np.uint8) for row in range(300)], 4)
    assert images[:][:, 0, 0, 0].tolist() == [row % 256 for row in range(300)]


def test_resizing_arrays_is_decoding() -> None:
    image = halves(32, 32)
    assert (resize_all(ImageTable.of(np.asarray(image)[None]), 16)[0] == decode(image, 16).pixels).all()


def test_the_side_follows_the_median() -> None:
    sizes = [(30, 30), (31, 90), (300, 400)]
    assert natural_side([Image.new("L", size) for size in sizes]) == 32
    assert natural_side([Path("nowhere.png")]) == 64


def test_what_cannot_be_read_is_told_word_for_word(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    cut = encoded(Image.fromarray(noise))[:5000]
    (tmp_path / "folder.png").mkdir()
    _, errors = decode_all([halves(), b"text", cut, tmp_path / "none.png", tmp_path / "folder.png"], 8)
    mend = "save it again as JPEG or PNG, or remove it"
    assert errors == {
        1: f"not a readable image (none of BMP, GIF, JPEG, PNG, PPM, TIFF, WEBP); {mend}",
        2: f"not a readable image (image file is truncated); {mend}",
        3: "no such file; correct the path",
        4: "a folder, not an image; give the path of an image",
    }


@pytest.mark.parametrize("limit", [4, 40])  # an error of Pillow's, and a warning of Pillow's
def test_a_decompression_bomb_is_refused(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    _, errors = decode_all([encoded(halves())], 8)
    assert errors == {0: f"more than {limit} pixels; scale the image down, or raise PIL.Image.MAX_IMAGE_PIXELS"}


def test_what_starts_programs_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "cat.jpg"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n{} loop\n")
    _, errors = decode_all([path], 8)
    assert errors[0].startswith("not a readable image (none of BMP,")


def test_large_images_are_decoded_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_LARGE", 50)
    inside, most = 0, 0

    def watched(image: Image.Image) -> Image.Image:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.002)
        inside -= 1
        return image

    monkeypatch.setattr(pictures.ImageOps, "exif_transpose", watched)
    monkeypatch.setattr(decoding, "_CHUNK", 1)
    table, errors = decode_all([encoded(halves())] * 20, 8)
    assert most == 1 and not errors and len(table) == 20
