"""From pixels to tokens: patches, or a few convolutions."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...core.errors import DataError
from .config import ViTConfig

# Shapes: B batch, C channels, H height, W width of the image, L tokens, D width of the model.


class PatchEmbedding(nn.Module):
    """Cut images into patches and map each to a vector (Dosovitskiy et al., 2021, equation 1)."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.config = config
        size = config.patch_size
        self.projection = nn.Conv2d(config.channels, config.encoder.width, kernel_size=size, stride=size)
        # As the linear layer that it is: a fan-in of channels × size².
        nn.init.xavier_uniform_(self.projection.weight.view(config.encoder.width, -1))
        assert self.projection.bias is not None
        nn.init.zeros_(self.projection.bias)

    def forward(self, image_BCHW: Tensor) -> Tensor:
        """Return (B, L, D), row by row; DataError where the images cannot be cut into whole tokens."""
        check_shape(image_BCHW, self.config)
        x_BDHW: Tensor = self.projection(image_BCHW)
        return x_BDHW.flatten(2).transpose(1, 2)


class ConvolutionalTokens(nn.Module):
    """Convolutions of 3 × 3, each with ReLU and a maximum over 3 × 3 that halves the side (Hassani et al., 2021).

    Neighbouring tokens share pixels, and edges need not be learned for every place anew: small data sets and short
    trainings gain much by it.
    """

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.config = config
        widths = [config.channels_first * 2**stage for stage in range(config.convolutions - 1)]
        stages = zip([config.channels, *widths], [*widths, config.encoder.width], strict=True)
        self.stages = nn.ModuleList(nn.Conv2d(enter, leave, 3, padding=1, bias=False) for enter, leave in stages)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        for stage in self.stages:
            assert isinstance(stage, nn.Conv2d)
            nn.init.kaiming_normal_(stage.weight)

    def forward(self, image_BCHW: Tensor) -> Tensor:
        """Return (B, L, D), row by row; DataError where the images cannot be cut into whole tokens."""
        check_shape(image_BCHW, self.config)
        x_BCHW = image_BCHW.contiguous(memory_format=torch.channels_last)  # a third faster on a processor
        for stage in self.stages:
            x_BCHW = self.pool(stage(x_BCHW).relu())
        return x_BCHW.flatten(2).transpose(1, 2)


def check_shape(image_BCHW: Tensor, config: ViTConfig) -> None:
    """Raise DataError where images are not square, or cannot be cut into whole tokens, or of other channels."""
    channels, height, width = image_BCHW.shape[1:]
    if channels != config.channels or height != width or height % config.stride:
        got, want = (" × ".join(map(str, found)) for found in ((channels, height, width), config.shape))
        raise DataError(f"images are {got} (channels, height, width), not {want}; resize them")
