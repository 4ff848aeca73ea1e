"""Where errors are provoked: a folder with data, and a trained model beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

Act = tuple[object, ...] | Callable[[], object]
"""The words of a command, or a call."""
Case = Callable[["Place"], tuple[Act, str]]
"""Prepares a place; returns what to do there, and the message that it must give."""


@dataclass(frozen=True)
class Place:
    """The working folder: `data.csv` holds 60 texts of two classes; `run` is a linear model that was trained on it.

    What is entered into `held` is left when the case is over.
    """

    folder: Path
    run: Path
    patch: pytest.MonkeyPatch
    held: ExitStack

    def write(self, name: str, content: str | bytes) -> str:
        """Write a file; return its name."""
        data = content if isinstance(content, bytes) else content.encode()
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(data)
        return name

    def change(self, name: str, **values: object) -> str:
        """Change keys of a file of JSON; return its name."""
        path = self.folder / name
        return self.write(name, json.dumps(json.loads(path.read_text()) | values))
