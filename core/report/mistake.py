"""A row that went wrong, and what shows why: the difference between two texts, pictures, sounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

ChangeKind: TypeAlias = Literal["same", "replaced", "missing", "added"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A piece of the truth and the one that was said for it; "" where there is none."""

    kind: ChangeKind
    truth: str
    said: str

    @classmethod
    def of(cls, truth: str | None, said: str | None) -> Change:
        """Return the change between two tokens, None for one that is not there.

        >>> Change.of("cat", None).kind, Change.of(None, "on").kind, Change.of("cat", "hat").kind
        ('missing', 'added', 'replaced')
        """
        kind: ChangeKind = "same" if truth == said else "replaced"
        if truth is None or said is None:
            kind = "added" if truth is None else "missing"
        return cls(kind=kind, truth=truth or "", said=said or "")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How what was said differs from the truth, piece by piece, with `joint` between two pieces."""

    changes: tuple[Change, ...]
    joint: str = " "

    @classmethod
    def of(cls, pairs: Iterable[tuple[str | None, str | None]], joint: str = " ") -> Difference:
        """Return the difference that aligned tokens make."""
        return cls(changes=tuple(Change.of(*pair) for pair in pairs), joint=joint)


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A word on a picture's width, where 0 is its left end and 1 its right."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Media:
    """A picture (PNG) or a sound (WAV, FLAC) as a `data:` URI, and what it is; `marks` stand below a picture."""

    kind: Literal["image", "audio"]
    uri: str = field(repr=False)
    caption: str
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A row that went wrong: where it stands, what it is, and what was said of it; `image` is a `data:` URI.

    With a `difference`, the page marks it in both texts. `media` are what a person needs to judge for themselves.
    """

    place: str
    truth: str
    prediction: str
    score: float
    shown: str = ""
    image: str = ""
    difference: Difference | None = None
    media: tuple[Media, ...] = ()


def bare(mistake: dict[str, Any]) -> dict[str, Any]:
    """Return a mistake's values without pictures and sounds, and without a difference that nobody looked for."""
    left_out = {"image", "media"} | ({"difference"} if mistake["difference"] is None else set())
    return {name: value for name, value in mistake.items() if name not in left_out}
