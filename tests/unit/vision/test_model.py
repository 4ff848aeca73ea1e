"""Where a ViT's positions begin."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from fourfold.core.errors import ConfigError
from fourfold.core.nn import TransformerConfig
from fourfold.vision.model import ViT, ViTConfig, grid_positions

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
