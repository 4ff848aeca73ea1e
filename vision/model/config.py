"""The settings of a vision Transformer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ...core.errors import BadValue, SettingsConflict, UnknownName
from ...core.nn import TransformerConfig

_LEAST = 4
"""The fewest tokens in a row that convolutions leave where their number is chosen."""

POOLINGS = ("first", "mean", "attention")


@dataclass(frozen=True, kw_only=True)
class ViTConfig:
    """The shape of a vision Transformer.

    An image becomes tokens by cutting it into patches of `patch_size` pixels or, with `convolutions` (K > 0), by K
    convolutions that each halve the side, the first of `channels_first` channels, each of the next of twice as many up
    to the width
    (`ConvolutionalTokens`); −1 stands for as many as leave 4 to 7 tokens in a row.

    By default it pools by the mean and has no class token, which trains better from nothing (Beyer et al.,
    "Better plain ViT baselines for ImageNet-1k", 2022). `class_token` with `pooling="first"` is the original;
    "attention" is the sequence pooling of compact Transformers. `distilled` adds DeiT's second token with a head of its
    own; both heads answer together. `pooled_norm` moves the final norm behind the pooling (timm's `fc_norm`); it asks
    for `encoder.final_norm=False`. Positions are learned, or the fixed sines and cosines of row and column. `dropout`
    acts on the embedded patches and before the head.
    """

    encoder: TransformerConfig = field(default_factory=TransformerConfig)
    image_size: int = 32
    patch_size: int = 4
    channels: int = 3
    convolutions: int = 0
    channels_first: int = 64
    positions: Literal["learned", "sinusoidal"] = "learned"
    pooling: Literal["first", "mean", "attention"] = "mean"
    class_token: bool = False
    distilled: bool = False
    pooled_norm: bool = False
    dropout: float = 0.0

    def __post_init__(self) -> None:
        for name in ("image_size", "patch_size", "channels", "channels_first"):
            if getattr(self, name) < 1:
                raise BadValue(f"{name} ({getattr(self, name)}) must be 1 or more")
        if self.convolutions < -1:
            raise BadValue(f"convolutions ({self.convolutions}) must be −1 (chosen), 0 (patches) or more")
        if self.encoder.width % 4:
            raise SettingsConflict(f"encoder.width ({self.encoder.width}) must be divisible by 4, for positions")
        if self.image_size % self.stride:
            what = "2 to the power of the convolutions" if self.convolutions else "patch_size"
            raise SettingsConflict(f"image_size ({self.image_size}) must be divisible by {what} ({self.stride})")
        if self.pooling not in POOLINGS:
            raise UnknownName(f"unknown pooling '{self.pooling}'; there is: first, mean, attention")
        if self.positions not in ("learned", "sinusoidal"):
            raise UnknownName(f"unknown positions '{self.positions}'; there is: learned, sinusoidal")
        if self.pooling == "first" and not self.class_token:
            raise SettingsConflict("pooling 'first' needs class_token=True; or pool by 'mean'")
        if self.distilled and self.pooling != "first":
            raise SettingsConflict("distilled is a second class token; it needs class_token=True and pooling='first'")
        if self.pooled_norm and self.encoder.pre_norm and self.encoder.final_norm:
            raise SettingsConflict("pooled_norm takes the place of the encoder's norm; set encoder.final_norm=False")
        if not 0 <= self.dropout < 1:
            raise BadValue(f"dropout ({self.dropout}) must lie in [0, 1)")

    @property
    def halvings(self) -> int:
        """How many convolutions halve the side; 0 where images are cut into patches."""
        return max(1, (self.image_size // _LEAST).bit_length() - 1) if self.convolutions < 0 else self.convolutions

    @property
    def stride(self) -> int:
        """How many pixels lie between two neighbouring tokens."""
        return 2**self.halvings if self.convolutions else self.patch_size

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        return self.channels, self.image_size, self.image_size

    @property
    def side(self) -> int:
        """The tokens in a row of the image."""
        return self.image_size // self.stride

    @property
    def extra_tokens(self) -> int:
        """The tokens before those of the image."""
        return int(self.class_token) + int(self.distilled)
