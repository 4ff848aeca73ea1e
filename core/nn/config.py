"""The settings of an encoder or a decoder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from ..errors import BadValue, SettingsConflict, UnknownName, did_you_mean

Activation = Literal["gelu", "relu", "swiglu"]
Norm = Literal["layer", "rms"]

MOST_LAYERS = 1_000
"""A configuration that asks for more is damaged: none is known with more, and building them would take for ever."""


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """The shape of an encoder or a decoder; both are built from the same settings.

    `hidden` is the width inside the feed-forward layers; 0 means 4 × `width`, or 8/3 × `width` for SwiGLU,
    whose third matrix then costs no further weights (Shazeer, "GLU variants improve Transformer", 2020).
    `pre_norm` normalises before each sublayer (ViT, Whisper), else after it (the original Transformer, BERT);
    `final_norm` ends a pre-norm stack. `dropout` acts on the sublayers' outputs, `attention_dropout` on the
    attention weights. `drop_path` is the last layer's stochastic depth; it grows linearly from 0 at the
    first. `convolution` tokens wide is an encoder's convolution between attention and feed-forward, as in a Conformer;
    0: none. `checkpoint` recomputes activations in the backward pass: less memory, about a third more time.

    >>> TransformerConfig(width=256, num_heads=8).head_width
    32
    """

    width: int = 128
    num_layers: int = 4
    num_heads: int = 4
    hidden: int = 0
    dropout: float = 0.1
    attention_dropout: float = 0.0
    activation: Activation = "gelu"
    norm: Norm = "layer"
    pre_norm: bool = True
    norm_eps: float = 1e-5
    final_norm: bool = True
    bias: bool = True
    rotary: bool = False
    drop_path: float = 0.0
    convolution: int = 0
    checkpoint: bool = False

    def __post_init__(self) -> None:
        for name in ("width", "num_layers", "num_heads"):
            if getattr(self, name) < 1:
                raise BadValue(f"{name} ({getattr(self, name)}) must be 1 or more")
        if self.num_layers > MOST_LAYERS:
            raise BadValue(f"num_layers ({self.num_layers}) must be {MOST_LAYERS:,} or fewer")
        if self.hidden < 0:
            raise BadValue(f"hidden ({self.hidden}) must be 0 (chosen from width) or more")
        if self.convolution < 0 or (self.convolution and self.convolution % 2 == 0):
            raise BadValue(f"convolution ({self.convolution}) must be 0 (none) or an odd number of tokens")
        if self.norm_eps <= 0:
            raise BadValue(f"norm_eps ({self.norm_eps}) must be above 0")
        for name in ("dropout", "attention_dropout", "drop_path"):
            if not 0 <= getattr(self, name) < 1:
                raise BadValue(f"{name} ({getattr(self, name)}) must lie in [0, 1)")
        for name, options in (("activation", get_args(Activation)), ("norm", get_args(Norm))):
            if getattr(self, name) not in options:
                hint = did_you_mean(getattr(self, name), options)
                raise UnknownName(f"unknown {name} '{getattr(self, name)}'{hint}")
        if self.width % self.num_heads:
            raise SettingsConflict(f"width ({self.width}) must be divisible by num_heads ({self.num_heads})")
        if self.rotary and self.head_width % 2:
            raise SettingsConflict(f"rotary needs an even width / num_heads; {self.width} / {self.num_heads} is odd")

    def with_shape_of(self, other: TransformerConfig) -> TransformerConfig:
        """Return the shape of `other` with what only acts in training, as dropout, of this one."""
        return replace(
            other,
            dropout=self.dropout,
            attention_dropout=self.attention_dropout,
            drop_path=self.drop_path,
            checkpoint=self.checkpoint,
        )

    @property
    def head_width(self) -> int:
        """The width of one head."""
        return self.width // self.num_heads

    @property
    def hidden_width(self) -> int:
        """The width inside the feed-forward layers, with 0 resolved; a multiple of 8 for SwiGLU."""
        if self.hidden:
            return self.hidden
        return -(-self.width // 3) * 8 if self.activation == "swiglu" else 4 * self.width
