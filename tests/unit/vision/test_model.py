"""Where a ViT's positions begin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from fourfold.core.batch import Batch
from fourfold.core.errors import ConfigError, DataError
from fourfold.core.facts import core_share
from fourfold.core.nn import TransformerConfig
from fourfold.vision.config import PRESETS
from fourfold.vision.model import ViT, ViTConfig, grid_positions, resized_positions

ENCODER = TransformerConfig(width=32, num_layers=1, num_heads=2)


@pytest.mark.parametrize("class_token", [False, True])
def test_positions_begin_with_neighbours_alike(class_token: bool) -> None:
    config = ViTConfig(encoder=ENCODER, image_size=32, patch_size=4, class_token=class_token)
    table = ViT(config, 2).positions.table.weight
    torch.testing.assert_close(table.detach(), grid_positions(config))
    grid = F.normalize(table[int(class_token) :], dim=1).view(8, 8, 32)
    for row, column in [(0, 0), (3, 4), (7, 2)]:
        alike = torch.einsum("d,hwd->hw", grid[row, column], grid)
        alike[row, column] = -1
        nearest = divmod(int(alike.argmax()), 8)
        assert abs(nearest[0] - row) + abs(nearest[1] - column) == 1


def test_a_width_that_positions_cannot_share_is_named() -> None:
    with pytest.raises(ConfigError) as error:
        ViTConfig(encoder=TransformerConfig(width=30, num_layers=1, num_heads=1))
    assert str(error.value) == "encoder.width (30) must be divisible by 4, for positions"


@pytest.mark.parametrize("tokens", [{}, {"convolutions": 2, "channels_first": 8}, {"class_token": True}])
def test_images_of_another_size_are_seen_by_resampled_positions(tokens: dict[str, Any]) -> None:
    torch.manual_seed(0)
    config = ViTConfig(encoder=ENCODER, image_size=32, **tokens)
    model = ViT(config, 3).eval()
    smaller = ViT(replace(config, image_size=24), 3).eval()
    state = model.state_dict()
    table = "positions.table.weight"
    smaller.load_state_dict(state | {table: resized_positions(state[table], config.extra_tokens, 6)})
    batch = Batch({"image": torch.randn(2, 3, 24, 24)})
    torch.testing.assert_close(model(batch), smaller(batch), atol=1e-6, rtol=0)
    with pytest.raises(DataError, match="images are 3 × 26 × 26"):
        model(Batch({"image": torch.zeros(1, 3, 26, 26)}))


@pytest.mark.parametrize(
    ("preset", "size"), [("small", 64), ("small32", 32), ("base32", 32), ("small64", 64), ("small224", 224)]
)
def test_the_core_does_most_of_the_work_behind_convolutions_too(preset: str, size: int) -> None:
    model = ViT(replace(PRESETS[preset]().model, image_size=size), 10)
    assert core_share(model) > 0.7


@pytest.mark.parametrize(("size", "halvings"), [(16, 2), (24, 2), (32, 3), (56, 3), (64, 4), (96, 4), (224, 5)])
def test_convolutions_leave_four_to_seven_tokens_in_a_row(size: int, halvings: int) -> None:
    config = ViTConfig(encoder=ENCODER, image_size=size, convolutions=-1, channels_first=4)
    assert config.halvings == halvings and 4 <= config.side <= 7
    assert ViT(config, 2).patches(torch.zeros(1, 3, size, size)).shape == (1, config.side**2, 32)


def test_fixed_positions_are_not_trained() -> None:
    model = ViT(ViTConfig(encoder=ENCODER, positions="sinusoidal"), 3)
    model(Batch({"image": torch.randn(2, 3, 32, 32)})).sum().backward()
    assert model.positions.table.weight.grad is None
    torch.testing.assert_close(model.positions.table.weight.detach(), grid_positions(model.config))
