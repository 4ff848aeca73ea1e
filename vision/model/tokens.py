"""From pixels to tokens: patches, or a few convolutions."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from ...core.errors import WrongArray
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
    """Convolutions that each halve the side, a residual one behind each but the first.

    Neighbouring tokens share pixels, and edges need not be learned for every place anew: small data sets and short
    trainings gain much by it (Hassani et al., "Escaping the big data paradigm with compact Transformers", 2021; Xiao
    et al., "Early convolutions help Transformers see better", 2021). Channels are normalised over the batch, by which
    it learns far faster than by groups of channels (docs/measurements): accumulated batches and ranks are each
    normalised by themselves.
    """

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.config = config
        last = config.encoder.width
        widths = [min(last, config.channels_first * 2**stage) for stage in range(config.halvings - 1)] + [last]
        first = nn.Conv2d(config.channels, widths[0], kernel_size=4, stride=2, padding=1, bias=False)
        stages = [nn.Sequential(first, *_end(widths[0]))]
        for enter, leave in pairwise(widths):
            halved = nn.Sequential(_convolution(enter, leave), nn.MaxPool2d(2), *_end(leave))
            stages.append(nn.Sequential(halved, Residual(nn.Sequential(_convolution(leave, leave), *_end(leave)))))
        self.stages = nn.Sequential(*stages)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, image_BCHW: Tensor) -> Tensor:
        """Return (B, L, D), row by row; DataError where the images cannot be cut into whole tokens."""
        check_shape(image_BCHW, self.config)
        # A third faster on a processor with the channels last.
        x_BDHW: Tensor = self.stages(image_BCHW.contiguous(memory_format=torch.channels_last))
        return x_BDHW.flatten(2).transpose(1, 2)


class Residual(nn.Module):
    """What goes in and what `inner` makes of it, added."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.inner(x)
        return out


def _convolution(enter: int, leave: int) -> nn.Conv2d:
    return nn.Conv2d(enter, leave, kernel_size=3, padding=1, bias=False)


def _end(channels: int) -> tuple[nn.Module, nn.Module]:
    """Return what ends a stage: norm and activation."""
    return nn.BatchNorm2d(channels), nn.GELU()


def check_shape(image_BCHW: Tensor, config: ViTConfig) -> None:
    """Raise DataError where images are not square, or cannot be cut into whole tokens, or of other channels."""
    channels, height, width = image_BCHW.shape[1:]
    if channels != config.channels or height != width or height % config.stride:
        got, want = (" × ".join(map(str, found)) for found in ((channels, height, width), config.shape))
        raise WrongArray(f"images are {got} (channels, height, width), not {want}; resize them")
