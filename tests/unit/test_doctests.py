"""The examples in the docstrings run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import fourfold

MODULES = sorted(
    module.name
    for folder in ("core", "nlp", "vision", "recsys", "speech")
    for module in pkgutil.walk_packages([f"{fourfold.__path__[0]}/{folder}"], f"fourfold.{folder}.")
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert found.failed == 0
