"""For every code of docs/errors.md, a way to come by it, and the whole message."""

from .data import DATA
from .place import Act, Case, Place
from .saved import SAVED
from .settings import SETTINGS
from .work import WORK

CASES: dict[str, Case] = SETTINGS | DATA | SAVED | WORK

__all__ = ["CASES", "Act", "Case", "Place"]
