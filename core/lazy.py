"""Public names that are imported when they are first used."""

from __future__ import annotations

import importlib
from typing import Any

from .errors import did_you_mean


def late(package: str, name: str, places: dict[str, str]) -> Any:
    """Return `name` from its module below `package`; AttributeError names the nearest one where there is none."""
    if name not in places:
        raise AttributeError(f"module '{package}' has no attribute '{name}'{did_you_mean(name, places)}")
    return getattr(importlib.import_module(places[name], package), name)
