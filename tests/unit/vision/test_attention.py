"""Attention maps: what cannot matter is dark, and the report shows them with the worst mistakes."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from fourfold.core.batch import Batch
from fourfold.core.config import override
from fourfold.core.nn import TransformerConfig
from fourfold.vision import ImageClassifier
from fourfold.vision.attention import attention_maps, overlaid
from fourfold.vision.model import ViT, ViTConfig

TOKEN: dict[str, Any] = {"class_token": True, "pooling": "first"}


@pytest.mark.parametrize(
    "settings",
    [{}, TOKEN, TOKEN | {"distilled": True}, {"convolutions": 2, "channels_first": 8}, {"pooling": "attention"}],
)
def test_maps_are_as_large_as_the_grid(settings: dict[str, Any]) -> None:
    torch.manual_seed(0)
    model = ViT(ViTConfig(encoder=TransformerConfig(width=32), **settings), 3).eval()
    maps = attention_maps(model, Batch({"image": torch.randn(2, 3, 32, 32)}))
    assert maps.shape == (2, 8, 8) and maps.min() == 0 and maps.max() == 1


def test_the_class_token_sees_what_its_query_asks_for() -> None:
    torch.manual_seed(0)
    encoder = TransformerConfig(width=32, num_layers=1, num_heads=1)
    model = ViT(ViTConfig(encoder=encoder, **TOKEN), 3).eval()
    image = torch.zeros(1, 3, 32, 32)
    image[:, :, 8:12, 20:24] = 5  # the patch in row 2, column 5
    with torch.no_grad():
        model.positions.table.weight.zero_()
        model.encoder.layers[0].attention.qkv.weight[:64] = torch.cat([torch.eye(32), torch.eye(32)]) * 3
        assert model.class_token is not None
        model.class_token.copy_(model.patches(image)[0, 2 * 8 + 5])
    found = attention_maps(model, Batch({"image": image}))[0]
    assert np.unravel_index(found.argmax(), (8, 8)) == (2, 5)


def test_where_it_does_not_look_is_dark() -> None:
    grey = np.full((16, 16, 1), 200, np.uint8)
    out = overlaid(grey, np.array([[1, 0], [0, 0]], np.float32))
    assert out.shape == (16, 16, 3) and out[0, 0, 0] == 200 and out[-1, -1, 0] == 30


def test_the_report_shows_images(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    config = override(ImageClassifier("tiny").resolve(), {"train": {"epochs": 1}})
    model = ImageClassifier("tiny", config=config).fit(images, np.arange(40) % 4)
    evaluation = model.evaluate(images, np.arange(40) % 4)
    assert len(evaluation.pictures) == 8 and all(mistake.image for mistake in evaluation.mistakes)
    page = evaluation.save(tmp_path / "page.html").read_text()
    found = re.findall(r'<img src="data:image/png;base64,([^"]*)"', page)
    sizes = [Image.open(io.BytesIO(base64.b64decode(one, validate=True))).size for one in found]
    assert sizes == [(16, 16)] * (8 + len(evaluation.mistakes)) and "What it looks at" in page
    assert "img-src data:" in page
    assert "base64" not in evaluation.save(tmp_path / "page.json").read_text()
