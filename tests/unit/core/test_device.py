"""Models without memory: shapes alone, and without the second that torch's compiler takes to import."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from fourfold.core.device import without_memory

BUILD = """
import sys
import torch
from torch import nn
from fourfold.core.device import without_memory
from fourfold.core.nn import LearnedPositions, SinusoidalPositions, TransformerConfig
from fourfold.core.nn.table import PiecewiseLinear
from fourfold.speech.pretrained import WhisperConfig, WhisperModel
from fourfold.vision.model import ViT, ViTConfig

with without_memory():
    shape = TransformerConfig(width=16, num_layers=1, num_heads=2)
    models = [
        nn.Embedding(5, 3), LearnedPositions(9, 4), SinusoidalPositions(4), PiecewiseLinear([4, 2], width=8),
        ViT(ViTConfig(), 3), WhisperModel(WhisperConfig(encoder=shape, decoder=shape, mels=8, vocab_size=30, steps=5)),
    ]
    for draw in (nn.init.xavier_normal_, nn.init.kaiming_normal_, nn.init.trunc_normal_, nn.init.normal_):
        draw(models[0].weight)
    models[0].weight.data.normal_()
assert all(value.is_meta for model in models for value in model.state_dict().values())
print(*(name for name in ("torch._dynamo", "sympy") if name in sys.modules))
"""


def test_shapes_are_known_without_torchs_compiler() -> None:
    done = subprocess.run([sys.executable, "-c", BUILD], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr


@pytest.mark.parametrize(("numbers", "settings"), [((7,), {}), ((2, 9, 3), {"dtype": torch.float32}), ((0.5, 2), {})])
def test_numbers_in_a_row_have_the_shape_and_type_that_they_would_have(numbers: tuple, settings: dict) -> None:
    expected = torch.arange(*numbers, **settings)
    with without_memory():
        found = torch.arange(*numbers, **settings)
    assert found.is_meta and (found.shape, found.dtype) == (expected.shape, expected.dtype)


def test_what_is_made_elsewhere_is_filled_as_ever() -> None:
    with without_memory():
        assert torch.arange(3, device="cpu").tolist() == [0, 1, 2]
    torch.manual_seed(0)
    assert nn.init.normal_(torch.empty(100)).std() > 0.5
