"""What a study searches: a dimension for each setting, by its dotted name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ..config import flatten, override, to_dict
from ..errors import BadSearch, ConfigError

if TYPE_CHECKING:
    from optuna import Trial

Scalar = bool | int | float | str | None

FIXED = ("train.seed", "train.metric", "train.evaluations")
"""Settings that all trials must share to be compared."""


@dataclass(frozen=True)
class Choice:
    """One of `options`; for each of them, `also` holds the values of settings that go with it.

    With `near`, only options within this factor of the default are tried.

    >>> width = Choice((64, 128, 256), also={"model.encoder.num_heads": (2, 4, 8)}, near=2)
    >>> width.settings("model.encoder.width", 128)
    {'model.encoder.width': 128, 'model.encoder.num_heads': 4}
    >>> str(width.around("model.encoder.width", {"model.encoder.width": 64, "model.encoder.num_heads": 2}))
    '64,128'
    """

    options: tuple[Scalar, ...]
    also: Mapping[str, tuple[Scalar, ...]] = field(default_factory=dict, kw_only=True)
    near: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        if not self.options or len(set(self.options)) < len(self.options):
            raise BadSearch(f"choice ({self}) must be one option or more, each once")
        for name, values in self.also.items():
            if len(values) != len(self.options):
                raise BadSearch(f"choice ({self}): {name} has {len(values)} values; give one for each option")

    def __str__(self) -> str:
        return ",".join(_written(option) for option in self.options)

    def around(self, name: str, flat: Mapping[str, Scalar]) -> Self:
        """Return what is tried where `flat` holds the default settings: the default's own value is always among it."""
        default = flat[name]
        rows = [
            (option, {other: values[row] for other, values in self.also.items()})
            for row, option in enumerate(self.options)
            if option != default and self._is_near(option, default)
        ]
        rows.append((default, {other: flat[other] for other in self.also}))
        if all(isinstance(option, int | float) for option, _ in rows):
            rows.sort(key=lambda row: row[0])  # type: ignore[arg-type,return-value]
        options = tuple(option for option, _ in rows)
        also = {other: tuple(values[other] for _, values in rows) for other in self.also}
        return replace(self, options=options, also=also, near=0.0)

    def _is_near(self, option: Any, default: Any) -> bool:
        return not self.near or not default or default / self.near <= option <= default * self.near

    def settings(self, name: str, value: Scalar) -> dict[str, Scalar]:
        """Return the settings that `value` stands for."""
        row = self.options.index(value)
        return {name: value} | {other: values[row] for other, values in self.also.items()}

    def suggest(self, trial: Trial, name: str) -> Scalar:
        """Draw an option."""
        return trial.suggest_categorical(name, list(self.options))

    def corners(self) -> tuple[Scalar, ...]:
        """Return the values to check before a study begins."""
        return self.options


@dataclass(frozen=True)
class Uniform:
    """Any number from `low` to `high`, with three digits; `near` keeps it within this factor of the default.

    >>> str(Uniform(0.0, 0.5)), str(LogUniform(1e-5, 1e-1, near=5).around("lr", {"lr": 1e-3}))
    ('0.0..0.5', '0.0002..0.005:log')
    """

    low: float
    high: float
    near: float = field(default=0.0, kw_only=True)
    log: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not self.low <= self.high or (self.log and self.low <= 0):
            above = ", above 0" if self.log else ""
            raise BadSearch(f"range ({self}) must go from a smaller to a larger number{above}")

    def __str__(self) -> str:
        return f"{self.low!r}..{self.high!r}{':log' if self.log else ''}"

    def around(self, name: str, flat: Mapping[str, Scalar]) -> Self:
        """Return what is tried where `flat` holds the default settings: the default's own value is always in it."""
        default = flat[name]
        assert isinstance(default, int | float), f"{name} is a number"
        low, high = self.low, self.high
        if self.near and default > 0:
            low, high = max(low, default / self.near), min(high, default * self.near)
        return replace(self, low=min(low, default), high=max(high, default), near=0.0)

    def settings(self, name: str, value: Scalar) -> dict[str, Scalar]:
        """Return the settings that `value` stands for."""
        return {name: value}

    def suggest(self, trial: Trial, name: str) -> Scalar:
        """Draw a number, rounded so that a person can write it down."""
        drawn = trial.suggest_float(name, self.low, self.high, log=self.log)
        return min(max(float(f"{drawn:.3g}"), self.low), self.high)

    def corners(self) -> tuple[Scalar, ...]:
        """Return the values to check before a study begins."""
        return self.low, self.high


@dataclass(frozen=True)
class LogUniform(Uniform):
    """As `Uniform`, but each factor is as likely as the other: for rates."""

    log: ClassVar[bool] = True


@dataclass(frozen=True)
class IntRange(Uniform):
    """A whole number from `low` to `high`.

    >>> str(IntRange(1, 12, near=2).around("num_layers", {"num_layers": 6}))
    '3..12'
    """

    def __str__(self) -> str:
        return f"{int(self.low)}..{int(self.high)}"

    def suggest(self, trial: Trial, name: str) -> Scalar:
        """Draw a whole number."""
        return trial.suggest_int(name, int(self.low), int(self.high))

    def corners(self) -> tuple[Scalar, ...]:
        """Return the values to check before a study begins."""
        return int(self.low), int(self.high)


Dimension = Choice | Uniform
Space = Mapping[str, Dimension]


def fit_space(space: Space, config: Any) -> dict[str, Dimension]:
    """Return the space around a configuration; ConfigError names a dimension that the configuration cannot take."""
    flat, fitted = flatten(to_dict(config)), {}
    for name, dimension in space.items():
        where = f"search {name}={dimension}"
        if name in FIXED:
            raise BadSearch(f"{where}: all trials share it, to be compared; set it with --set {name}=…")
        try:
            around = _freed(dimension, space).around(name, flat)
            for value in around.corners():
                override(config, nested(around.settings(name, value)))
        except ConfigError as error:
            raise BadSearch(f"{where}: {error}") from None
        if len(set(around.corners())) > 1:
            fitted[name] = around
    if not fitted:
        raise BadSearch("tune: there is nothing to search; name a setting, such as --search model.dropout=0.1,0.3")
    return fitted


def _freed(dimension: Dimension, space: Space) -> Dimension:
    """A setting that is searched by itself no longer goes along with another."""
    if isinstance(dimension, Choice):
        return replace(dimension, also={name: values for name, values in dimension.also.items() if name not in space})
    return dimension


def nested(settings: Mapping[str, Scalar]) -> dict[str, Any]:
    """Return dotted settings as nested values: the inverse of `flatten`.

    >>> nested({"train.epochs": 3, "train.optimizer.lr": 0.1})
    {'train': {'epochs': 3, 'optimizer': {'lr': 0.1}}}
    """
    values: dict[str, Any] = {}
    for name, value in settings.items():
        *sections, last = name.split(".")
        inner = values
        for section in sections:
            inner = inner.setdefault(section, {})
        inner[last] = value
    return values


def _written(value: Scalar) -> str:
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)
