"""Findings as aligned lines."""

from __future__ import annotations

from fourfold.core.report import listing


def test_every_kind_of_value() -> None:
    found = {"a": 1234.5, "long name": {}, "b": ["one", "two\nlines"], "c": {"x": {"p": 1, "q": []}}, "d": [[1, 2]]}
    assert listing(found).splitlines() == [
        "a          1,234.500",
        "long name  none",
        "b          one",
        "           two↵ lines",
        "c          x  p 1, q none",
        "d          1, 2",
    ]
    assert listing({}) == ""
