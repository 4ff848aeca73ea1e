"""Values of a JSON file that may come from anywhere, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...core.errors import Damaged


@dataclass(frozen=True)
class Reader:
    """The values of a file by their names; `name` begins the messages."""

    values: Mapping[str, object]
    name: str

    def whole(self, setting: str, least: int) -> int:
        """Return a whole number of `least` or more."""
        value = self.values.get(setting)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise Damaged(f"{self.name}: {setting} {value!r} is not a whole number of {least} or more; mend it")
        return value

    def whole_or_none(self, setting: str) -> int | None:
        """Return a whole number of 0 or more; None where there is none."""
        return None if self.values.get(setting) is None else self.whole(setting, 0)

    def number(self, setting: str) -> float:
        """Return a number; 0 where there is none."""
        value = self.values.get(setting)
        if value is not None and (not isinstance(value, int | float) or isinstance(value, bool)):
            raise Damaged(f"{self.name}: {setting} {value!r} is not a number; mend it")
        return float(value or 0)

    def ids(self, setting: str) -> tuple[int, ...]:
        """Return a list of ids; none where there is no list."""
        found = self.values.get(setting)
        if found is None:
            return ()
        if not isinstance(found, list) or not all(_is_whole(one) and one >= 0 for one in found):
            raise Damaged(f"{self.name}: {setting} is not a list of whole numbers of 0 or more; mend it")
        return tuple(found)

    def names(self, setting: str) -> dict[str, int]:
        """Return an object from names to ids; an empty one where there is none."""
        found = self.values.get(setting)
        if found is None:
            return {}
        if not isinstance(found, dict) or not all(_is_whole(one) and one >= 0 for one in found.values()):
            raise Damaged(f"{self.name}: {setting} does not give each name a whole number of 0 or more; mend it")
        return dict(found)

    def pairs(self, setting: str) -> tuple[tuple[int, int | None], ...]:
        """Return a list of pairs of whole numbers, the second of which may be null."""
        found = self.values.get(setting)
        if found is None:
            return ()
        if not isinstance(found, list) or not all(_is_pair(one) for one in found):
            raise Damaged(f"{self.name}: {setting} is not a list of pairs of whole numbers; mend it")
        return tuple((place, token) for place, token in found)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_pair(value: Any) -> bool:
    if not isinstance(value, list) or len(value) != 2:
        return False
    return _is_whole(value[0]) and (value[1] is None or (_is_whole(value[1]) and value[1] >= 0))
