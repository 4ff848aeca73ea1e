"""Settings: frozen dataclasses inside, TOML and `section.key=value` at the edge.

Every name and type is checked against the dataclass, so that a wrong one is refused with the nearest right one.
"""

from __future__ import annotations

import dataclasses
import functools
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any, TypeVar

from .errors import BadSettingsFile, BadValue, UnknownSetting, WrongUsage, did_you_mean

C = TypeVar("C")


def to_dict(config: Any) -> dict[str, Any]:
    """Return a configuration as nested plain values, ready for JSON."""
    return dataclasses.asdict(config)


def from_dict(kind: type[C], values: Mapping[str, Any], path: str = "") -> C:
    """Build the dataclass `kind` from nested plain values; ConfigError names what is unknown or of the wrong type."""
    return _replace(kind, None, values, path)


def override(config: C, values: Mapping[str, Any], path: str = "") -> C:
    """Return `config` with nested `values` put in place of its own; `path` is its own name in messages.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Train:
    ...     epochs: int = 3
    >>> override(Train(), {"epochs": "5"})
    Train(epochs=5)
    """
    return _replace(type(config), config, values, path)


def parse_assignments(assignments: Sequence[str]) -> dict[str, Any]:
    """Turn `["train.epochs=5", "seed=1"]` into nested values; the types are given by the dataclass later."""
    values: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals or not key.strip():
            raise WrongUsage(f"--set {assignment}: write it as section.key=value, such as train.epochs=5")
        *sections, name = key.strip().split(".")
        inner = values
        for section in sections:
            inner = inner.setdefault(section, {})
            if not isinstance(inner, dict):
                raise WrongUsage(f"--set {assignment}: '{section}' has a value already; it is a setting or a section")
        inner[name] = value.strip()
    return values


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a TOML file of settings."""
    path = Path(path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        raise BadSettingsFile(f"{path}: no such file; check the path") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettingsFile(f"{path}: not TOML ({error})") from None


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested values with dotted names: `{"train": {"epochs": 3}}` becomes `{"train.epochs": 3}`."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= flatten(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {prefix + name: value}
    return flat


def _replace(kind: type[C], config: C | None, values: Mapping[str, Any], path: str) -> C:
    hints = _hints(typing.cast(typing.Hashable, kind))
    names = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    changes: dict[str, Any] = {}
    for name, value in values.items():
        if name not in names:
            raise UnknownSetting(f"{f'config {path}'.strip()}: unknown setting '{name}'{did_you_mean(name, names)}")
        hint, place = _section(hints[name], value), f"{path}.{name}".lstrip(".")
        if not dataclasses.is_dataclass(hint):
            changes[name] = _coerce(hint, value, place)
        elif isinstance(value, Mapping):
            changes[name] = _replace(typing.cast(type, hint), getattr(config, name, None), value, place)
        else:
            raise BadValue(f"{place}: a section, not a value; set one of its keys, such as {place}.{_first(hint)}")
    return kind(**changes) if config is None else dataclasses.replace(config, **changes)  # type: ignore[type-var]


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    """Return the types of a dataclass's fields; Python evaluates the text that they are in its source."""
    return typing.get_type_hints(kind)


def _section(hint: Any, value: Any) -> Any:
    """Return the dataclass of a section that may be None, where `value` is not; any other hint as it is."""
    if value is None or value in ("none", "null"):
        return hint
    return next((arg for arg in typing.get_args(hint) if dataclasses.is_dataclass(arg)), hint)


def _first(kind: Any) -> str:
    return dataclasses.fields(kind)[0].name


def _coerce(hint: Any, value: Any, where: str) -> Any:
    """Return `value` as the type `hint`; strings from the command line are parsed."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None or (value in ("none", "null") and type(None) in args):
            return None
        return _coerce(next(arg for arg in args if arg is not type(None)), value, where)
    if origin is typing.Literal:
        if value not in args:
            raise BadValue(f"{where}: '{value}' is not one of {', '.join(map(str, args))}")
        return value
    if origin is tuple:
        items = value.split(",") if isinstance(value, str) else value
        return tuple(_coerce(args[0], item, where) for item in items)
    return _scalar(hint, value, where)


def _scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is bool:
        known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        if isinstance(value, bool):
            return value
        if str(value).lower() in known:
            return known[str(value).lower()]
        raise BadValue(f"{where}: '{value}' is not true or false")
    try:
        made = hint(value) if not isinstance(value, bool) else _refuse_bool()
        if (isinstance(made, float) and isnan(made)) or (hint is int and isinstance(value, float) and made != value):
            raise ValueError
        return made
    except (TypeError, ValueError, OverflowError):
        kinds = {int: "a whole number", float: "a number", str: "text"}
        raise BadValue(f"{where}: '{value}' is not {kinds.get(hint, hint)}") from None


def _refuse_bool() -> Any:
    raise TypeError
