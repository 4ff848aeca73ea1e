"""A configuration as a TOML file that `--config` reads; the standard library reads TOML and does not write it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def to_toml(values: Mapping[str, Any], name: str = "") -> str:
    """Return nested plain values as TOML; None, which TOML has not, is written as "none", which `--config` reads so.

    >>> print(to_toml({"seed": 1, "train": {"budget": None, "optimizer": {"lr": 0.001}}}))
    seed = 1
    <BLANKLINE>
    [train]
    budget = "none"
    <BLANKLINE>
    [train.optimizer]
    lr = 0.001
    """
    lines = [f"{key} = {_value(value)}" for key, value in values.items() if not isinstance(value, Mapping)]
    own = "\n".join([f"[{name}]", *lines] if name and lines else lines)
    inner = [to_toml(value, f"{name}.{key}".lstrip(".")) for key, value in values.items() if isinstance(value, Mapping)]
    return "\n\n".join(part for part in (own, *inner) if part)


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps("none" if value is None else value, ensure_ascii=False).replace("\x7f", "\\u007f")
