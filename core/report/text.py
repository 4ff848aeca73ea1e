"""How values of any origin are written on the page, so that nothing hidden stays hidden."""

from __future__ import annotations

import math
import unicodedata
from typing import Any

from ..metrics import Interval
from .verdict import PERCENT, shown, signed

_LONGEST = 4_000
_INVISIBLE = frozenset("\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\ufeff")
NOTHING = "–"


def visible(value: Any) -> Any:
    r"""Return text with control and direction characters written out; other values and markup as they are.

    >>> print(visible("a\0b \x1b[1m \u202e one\ntwo"))
    a\x00b \x1b[1m \u202e one↵
    two
    """
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    left = len(value) - _LONGEST
    end = f"… and {left:,} characters more" if left > 0 else ""
    return "".join(map(_visible_character, value[:_LONGEST])) + end


def _visible_character(character: str) -> str:
    code = ord(character)
    if character == "\n":
        return "↵\n"
    hidden = unicodedata.category(character) in ("Cc", "Cs") or character in _INVISIBLE
    hidden = hidden or 0x202A <= code <= 0x202E or 0x2060 <= code <= 0x2069
    return character.encode("unicode_escape").decode("ascii") if hidden else character


def number(value: Any) -> str:
    """Return a number for a table: whole ones in groups of three, others with three decimals or four digits.

    >>> number(12345), number(0.98765), number(0.00012345), number(float("nan")), number("cat")
    ('12,345', '0.988', '0.0001234', '–', 'cat')
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if not isinstance(value, float):
        return str(value)
    if not math.isfinite(value):
        return NOTHING
    return f"{value:,.3f}" if value == 0 or abs(value) >= 0.01 else f"{value:.4g}"


def measured(metric: str, value: float) -> str:
    """Return `shown`, or a dash for what is not a number."""
    return shown(metric, value) if math.isfinite(value) else NOTHING


def ends(metric: str, interval: Interval) -> str:
    """Return the ends of an interval, or nothing where there are none.

    >>> ends("accuracy", Interval(0.9, 0.89, 0.91))
    '89.0 % to 91.0 %'
    """
    known = math.isfinite(interval.low) and math.isfinite(interval.high)
    return f"{shown(metric, interval.low)} to {shown(metric, interval.high)}" if known else ""


def gain(metric: str, value: float) -> str:
    """Return a signed difference, in points where people read the metric in percent.

    >>> gain("accuracy", 0.0314), gain("log_loss", -0.02)
    ('+3.1 points', '-0.0200')
    """
    if not math.isfinite(value):
        return NOTHING
    return signed(metric, value) + (" points" if metric in PERCENT else "")
