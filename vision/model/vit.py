"""The image classifier: patches, the core encoder, pooling, one linear layer (a vision Transformer)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

from ...core.batch import Batch
from ...core.errors import ConfigError, DataError
from ...core.nn import Dropout, Encoder, LearnedPositions, Pooling, TransformerConfig, make_norm, sinusoids

# Shapes: B batch, C channels, H height, W width of the image, L patches, D width of the model, K classes.


@dataclass(frozen=True, kw_only=True)
class ViTConfig:
    """The shape of a vision Transformer.

    By default it pools by the mean and has no class token, which trains better from nothing (Beyer et al.,
    "Better plain ViT baselines for ImageNet-1k", 2022). `class_token` with `pooling="first"` is the original.
    `pooled_norm` moves the final norm behind the pooling (timm's `fc_norm`); it asks for
    `encoder.final_norm=False`. `dropout` acts on the embedded patches and before the head.
    """

    encoder: TransformerConfig = field(default_factory=TransformerConfig)
    image_size: int = 32
    patch_size: int = 4
    channels: int = 3
    pooling: Literal["first", "mean"] = "mean"
    class_token: bool = False
    pooled_norm: bool = False
    dropout: float = 0.0

    def __post_init__(self) -> None:
        for name in ("image_size", "patch_size", "channels"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} ({getattr(self, name)}) must be 1 or more")
        if self.encoder.width % 4:
            raise ConfigError(f"encoder.width ({self.encoder.width}) must be divisible by 4, for positions")
        if self.image_size % self.patch_size:
            raise ConfigError(f"image_size ({self.image_size}) must be divisible by patch_size ({self.patch_size})")
        if self.pooling not in ("first", "mean"):
            raise ConfigError(f"unknown pooling '{self.pooling}'; there is: first, mean")
        if self.pooling == "first" and not self.class_token:
            raise ConfigError("pooling 'first' needs class_token=True; or pool by 'mean'")
        if self.pooled_norm and self.encoder.pre_norm and self.encoder.final_norm:
            raise ConfigError("pooled_norm takes the place of the encoder's norm; set encoder.final_norm=False")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout ({self.dropout}) must lie in [0, 1)")

    @property
    def num_patches(self) -> int:
        """The number of patches of an image."""
        return (self.image_size // self.patch_size) ** 2


class PatchEmbedding(nn.Module):
    """Cut images into patches and map each to a vector (Dosovitskiy et al., 2021, equation 1)."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.shape = (config.channels, config.image_size, config.image_size)
        size = config.patch_size
        self.projection = nn.Conv2d(config.channels, config.encoder.width, kernel_size=size, stride=size)
        # As the linear layer that it is: a fan-in of channels × size².
        nn.init.xavier_uniform_(self.projection.weight.view(config.encoder.width, -1))
        assert self.projection.bias is not None
        nn.init.zeros_(self.projection.bias)

    def forward(self, image_BCHW: Tensor) -> Tensor:
        """Return (B, L, D), row by row; DataError where the images are not of the size that was set."""
        if image_BCHW.shape[1:] != self.shape:
            got, want = (" × ".join(map(str, shape)) for shape in (image_BCHW.shape[1:], self.shape))
            raise DataError(f"images are {got} (channels, height, width), not {want}; resize them")
        x_BDHW: Tensor = self.projection(image_BCHW)
        return x_BDHW.flatten(2).transpose(1, 2)


class ViT(nn.Module):
    """A Transformer that puts images into classes (Dosovitskiy et al., 2021: "16×16 words").

    >>> model = ViT(ViTConfig(image_size=8), num_classes=10)
    >>> model(Batch({"image": torch.zeros(2, 3, 8, 8)})).shape
    torch.Size([2, 10])
    """

    def __init__(self, config: ViTConfig, num_classes: int) -> None:
        super().__init__()
        width = config.encoder.width
        self.config = config
        self.patches = PatchEmbedding(config)
        self.class_token = nn.Parameter(torch.zeros(width)) if config.class_token else None
        self.positions = LearnedPositions(config.num_patches + config.class_token, width)
        self.embedding_dropout = Dropout(config.dropout)
        self.encoder = Encoder(config.encoder)
        self.pooling = Pooling(config.pooling, width)
        self.norm = make_norm(config.encoder) if config.pooled_norm else nn.Identity()
        self.dropout = Dropout(config.dropout)
        self.head = nn.Linear(width, num_classes)
        if self.class_token is not None:
            nn.init.normal_(self.class_token, std=0.02)  # its position begins at zero
        with torch.no_grad():
            self.positions.table.weight.copy_(grid_positions(config))
        nn.init.trunc_normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, batch: Batch) -> Tensor:
        """Return logits (B, K) for `batch["image"]`, floats (B, C, H, W)."""
        x_BLD = self.patches(batch["image"])
        if self.class_token is not None:
            x_BLD = torch.cat([self.class_token.to(x_BLD.dtype).expand(len(x_BLD), 1, -1), x_BLD], dim=1)
        first = 1 if self.config.pooling == "first" else None
        x_BLD = self.encoder(self.embedding_dropout(self.positions(x_BLD)), first=first)
        if self.class_token is not None and self.config.pooling == "mean":
            x_BLD = x_BLD[:, 1:]  # the mean is over patches only, as timm's
        logits_BK: Tensor = self.head(self.dropout(self.norm(self.pooling(x_BLD))))
        return logits_BK


def grid_positions(config: ViTConfig) -> Tensor:
    """Return where learned positions begin (L, D): sines and cosines of a patch's row and of its column.

    A model that begins there need not learn from nothing which patches are neighbours (Beyer et al., 2022). A class
    token has zeros.
    """
    side = config.image_size // config.patch_size
    axis_SD = sinusoids(side, config.encoder.width // 2)
    grid_LD = torch.cat([axis_SD.repeat_interleave(side, 0), axis_SD.repeat(side, 1)], dim=1)
    return torch.cat([grid_LD.new_zeros(int(config.class_token), config.encoder.width), grid_LD])
