"""Searches as people write them: `train.optimizer.lr=1e-4..1e-2:log`, `model.dropout=0.1,0.2,0.3`, or a TOML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..config import flatten, override, read_toml, to_dict
from ..errors import BadSearch, ConfigError, did_you_mean
from .space import Choice, Dimension, IntRange, LogUniform, Scalar, Space, Uniform, nested

OFF = "off"
"""Written instead of a range: the setting is not searched."""

Written = Dimension | str | Sequence[Scalar]
"""A dimension, or what a person wrote for one: a range, options, or `off`."""


def parse_searches(assignments: Sequence[str]) -> dict[str, str]:
    """Split `name=range` at the equals sign.

    >>> parse_searches(["model.dropout=0.1,0.2", "train.epochs=off"])
    {'model.dropout': '0.1,0.2', 'train.epochs': 'off'}
    """
    searches = {}
    for assignment in assignments:
        name, equals, text = (part.strip() for part in assignment.partition("="))
        if not (name and equals and text):
            raise BadSearch(
                f"--search {assignment}: write it as section.key=range, such as train.optimizer.lr=1e-4..1e-2:log "
                "or model.dropout=0.1,0.2,0.3"
            )
        searches[name] = text
    return searches


def read_searches(path: str | Path) -> dict[str, Written]:
    """Read a TOML file of settings whose values are ranges (`"1e-4..1e-2:log"`) or lists of options."""
    found = flatten(read_toml(path))
    for name, value in found.items():
        if not isinstance(value, str | list):
            raise BadSearch(f"{path}: {name} is neither a range, such as '0.1..0.5', nor a list of options")
    return found


def with_searches(space: Space, searches: Mapping[str, Written], config: Any) -> dict[str, Dimension]:
    """Return the space with dimensions put in, in place of its own or beside them, and those that are off left out."""
    known = flatten(to_dict(config))
    merged = dict(space)
    for name, written in searches.items():
        if written == OFF:
            if name not in merged:
                raise BadSearch(f"search {name}=off: it is not searched{did_you_mean(name, merged)}")
            del merged[name]
        elif isinstance(written, Choice | Uniform):
            if name not in known:
                _typed(config, name, "")
            merged[name] = written
        else:
            merged[name] = parse_dimension(written, name, config)
    return merged


def parse_dimension(written: str | Sequence[Scalar], name: str, config: Any) -> Dimension:
    """Return the dimension of the setting `name`; its type is that of the configuration's own.

    >>> from ..training import TrainConfig
    >>> parse_dimension("1e-4..1e-2:log", "optimizer.lr", TrainConfig())
    LogUniform(low=0.0001, high=0.01, near=0.0)
    >>> parse_dimension("8,16", "batch_rows", TrainConfig()).options
    (8, 16)
    """
    try:
        if isinstance(written, str) and ".." in written:
            return _range(written, name, config)
        pieces = written.split(",") if isinstance(written, str) else written
        return Choice(
            tuple(_typed(config, name, piece.strip() if isinstance(piece, str) else piece) for piece in pieces)
        )
    except ConfigError as error:
        shown = written if isinstance(written, str) else ",".join(map(str, written))
        raise BadSearch(f"search {name}={shown}: {error}") from None


def _range(text: str, name: str, config: Any) -> Dimension:
    ends, _, scale = text.partition(":")
    low, _, high = (part.strip() for part in ends.partition(".."))
    first, last = _typed(config, name, low), _typed(config, name, high)
    if not _is_number(first) or not _is_number(last):
        raise BadSearch("a range needs numbers; list the options instead, such as a,b,c")
    if scale not in ("", "log"):
        raise BadSearch(f"no scale '{scale}'; write :log, or nothing for a uniform range")
    if isinstance(first, int):
        if scale:
            raise BadSearch("whole numbers have no :log; leave it out, or list the options")
        return IntRange(first, last)
    return (LogUniform if scale else Uniform)(first, last)


def _is_number(value: Any) -> Any:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _typed(config: Any, name: str, value: Any) -> Any:
    """Return a value as the configuration holds it."""
    return flatten(to_dict(override(config, nested({name: value}))))[name]
