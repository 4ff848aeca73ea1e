"""The shape of a click model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from ...core.errors import BadValue, SettingsConflict, UnknownName, did_you_mean
from ...core.nn import PoolingKind, TransformerConfig

Part = Literal["linear", "fm", "transformer", "mlp", "cross", "cin", "streams"]
Numbers = Literal["piecewise", "periodic", "log"]


@dataclass(frozen=True, kw_only=True)
class MLPConfig:
    """The widths of a multi-layer perceptron; after each comes a batch norm, if wanted, ReLU and dropout."""

    hidden: tuple[int, ...] = (400, 400, 400)
    batch_norm: bool = True
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if not self.hidden or min(self.hidden) < 1:
            raise BadValue(f"hidden ({self.hidden}) must be at least one width of 1 or more")
        if not 0 <= self.dropout < 1:
            raise BadValue(f"dropout ({self.dropout}) must lie in [0, 1)")


@dataclass(frozen=True, kw_only=True)
class StreamsConfig:
    """The two perceptrons of FinalMLP, joined by `num_heads` bilinear products.

    Each sees the fields through gates of its own, that a perceptron of width `gate` opens (0: no gates) by what the
    fields in `first_context` or `second_context` say; without any, by a learned vector. Where neither is named, and
    with `contexts`, the first takes the field with the second most values and the second that with the most, which are
    users and items in many a set.
    """

    first: MLPConfig = field(default_factory=lambda: MLPConfig(hidden=(400,)))
    second: MLPConfig = field(default_factory=lambda: MLPConfig(hidden=(400,)))
    num_heads: int = 1
    gate: int = 0
    contexts: bool = True
    first_context: tuple[str, ...] = ()
    second_context: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, widths in (("first", self.first.hidden), ("second", self.second.hidden)):
            if self.num_heads < 1 or widths[-1] % self.num_heads:
                raise SettingsConflict(f"the last width of {name} ({widths[-1]}) must be divisible by num_heads")
        if self.gate < 0:
            raise BadValue(f"gate ({self.gate}) must be 0 (off) or above")


@dataclass(frozen=True, kw_only=True)
class PeriodicConfig:
    """How many frequencies a numeric field has, and the deviation that they are drawn with, on which much depends: at
    0.01 the functions of a number are nearly straight to begin with, at 1 they turn several times."""

    num_frequencies: int = 48
    deviation: float = 0.1

    def __post_init__(self) -> None:
        if self.num_frequencies < 1:
            raise BadValue(f"num_frequencies ({self.num_frequencies}) must be 1 or above")
        if self.deviation <= 0:
            raise BadValue(f"deviation ({self.deviation}) must be above 0")


@dataclass(frozen=True, kw_only=True)
class ClickModelConfig:
    """Which parts a click model has, and their shapes; the logit is the sum of what the parts say.

    `linear` is a weight for each value, `fm` the second order of a factorisation machine, `transformer` the core
    encoder over the fields, `mlp` a perceptron over all of them, `cross` the cross network of DCN-V2, `cin` the
    compressed interaction network of xDeepFM, whose layers have as many maps as `cin_hidden` says, `streams` the two
    perceptrons of FinalMLP. So (linear) is logistic regression, (linear, fm) a factorisation machine, (linear, fm, mlp)
    DeepFM, (linear, mlp) Wide & Deep, (cross, mlp) DCN-V2, (linear, mlp, cin) xDeepFM.

    `width` is that of the embeddings (0: the encoder's), drawn with the deviation `deviation` (0: uniformly, by the
    width). `gain` multiplies the second order: learned from 0 on, or 1. A class token comes before the fields with the
    pooling "first". `numbers` says what a number's embedding has beside the row of its bin: a piecewise-linear part,
    learned periodic functions, or its logarithm times a vector (the weights of `linear` always have the first).
    `dropout` acts on the embeddings that the encoder sees and before its head. Tables with `sparse_rows` rows or more
    get sparse gradients (0: never).
    """

    parts: tuple[Part, ...] = ("linear", "fm", "transformer")
    width: int = 0
    deviation: float = 0.0
    gain: Literal["learned", "one"] = "learned"
    encoder: TransformerConfig = field(default_factory=lambda: TransformerConfig(width=32, num_layers=2))
    pooling: PoolingKind = "first"
    dropout: float = 0.1
    mlp: MLPConfig = field(default_factory=MLPConfig)
    cross_layers: int = 3
    cin_hidden: tuple[int, ...] = (64, 64, 64)
    streams: StreamsConfig = field(default_factory=StreamsConfig)
    numbers: Numbers = "piecewise"
    periodic: PeriodicConfig = field(default_factory=PeriodicConfig)
    sparse_rows: int = 200_000

    def __post_init__(self) -> None:
        if not self.parts:
            raise BadValue(f"parts: a model needs one at least, of: {', '.join(get_args(Part))}")
        for part in self.parts:
            if part not in get_args(Part):
                raise UnknownName(f"parts: no part '{part}'{did_you_mean(part, get_args(Part))}")
        if self.numbers not in get_args(Numbers):
            raise UnknownName(f"numbers: no encoding '{self.numbers}'{did_you_mean(self.numbers, get_args(Numbers))}")
        if len(set(self.parts)) < len(self.parts):
            raise BadValue(f"parts ({', '.join(self.parts)}): each may stand there once")
        if not 0 <= self.dropout < 1:
            raise BadValue(f"dropout ({self.dropout}) must lie in [0, 1)")
        for name, least in (("width", 0), ("deviation", 0), ("cross_layers", 1)):
            if getattr(self, name) < least:
                raise BadValue(f"{name} ({getattr(self, name)}) must be {least} or above")
        if not self.cin_hidden or min(self.cin_hidden) < 1:
            raise BadValue(f"cin_hidden ({self.cin_hidden}) must be at least one width of 1 or more")
        if self.sparse_rows < 0:
            raise BadValue(f"sparse_rows ({self.sparse_rows}) must be 0 (never) or above")

    @property
    def embedding_width(self) -> int:
        """The width of the embeddings, with 0 resolved."""
        return self.width or self.encoder.width


_NAMES: dict[tuple[Part, ...], str] = {
    ("linear",): "logistic regression",
    ("linear", "fm"): "factorisation machine",
    ("linear", "fm", "mlp"): "DeepFM",
    ("linear", "mlp"): "Wide & Deep",
    ("mlp", "cross"): "DCN-V2",
    ("linear", "mlp", "cin"): "xDeepFM",
    ("linear", "transformer", "mlp"): "AutoInt+",
    ("streams",): "FinalMLP",
    ("linear", "fm", "transformer"): "Transformer",
}


def deep_name(parts: Sequence[Part]) -> str:
    """Return what a model of these parts is called.

    >>> deep_name(("linear", "fm", "mlp")), deep_name(("cross",))
    ('DeepFM', 'cross')
    """
    return _NAMES.get(tuple(part for part in get_args(Part) if part in parts), " + ".join(parts))
