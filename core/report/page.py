"""One offline HTML page of an evaluation: no script, nothing loaded, light and dark."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from ..metrics import Interval
from . import plots, text
from .evaluation import Evaluation
from .verdict import says_nothing


@dataclass(frozen=True, kw_only=True)
class Strip:
    """A paired difference on a line with zero in its middle, in percent of the width."""

    low: float
    value: float
    high: float


_PNG = re.compile("data:image/png;base64,[A-Za-z0-9+/]+=*")
_SOUND = re.compile("data:audio/(wav|flac);base64,[A-Za-z0-9+/]+=*")

STATUS = {
    "good": "Better than the baseline",
    "bad": "The baseline is better",
    "unclear": "Not clearly better",
    "neither": "Neither beats saying nothing",
    "unknown": "No verdict",
}


def render(evaluation: Evaluation) -> str:
    """Return the page; whatever names and texts hold is escaped, and control characters are written out."""
    template = environment().from_string(resource("page.html"))
    difference = evaluation.baseline.difference if evaluation.baseline else None
    return template.render(
        e=evaluation,
        css=resource("page.css"),
        status=_status(evaluation),
        statuses=STATUS,
        strip=strip_of(difference),
        curves=plots.curves(evaluation),
        heat=plots.heat(evaluation.confusion) if evaluation.confusion else [],
        pairs=plots.pairs(evaluation.confusion) if evaluation.confusion else [],
        calibration=plots.calibration(evaluation.reliability),
        measured=text.measured,
        ends=text.ends,
        gain=text.gain,
        number=text.number,
        image=_image,
        sound=_sound,
    )


def _image(uri: str) -> Markup:
    """Return a PNG's `data:` URI whole, however long; anything else is left out."""
    return Markup(uri if _PNG.fullmatch(uri) else "")


def _sound(uri: str) -> Markup:
    """Return the `data:` URI of a WAV or FLAC whole; anything else is left out."""
    return Markup(uri if _SOUND.fullmatch(uri) else "")


def environment() -> Environment:
    """Return jinja2 with escaping, every printed value passing through `visible`."""
    return Environment(
        autoescape=True,
        finalize=text.visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def resource(name: str, package: str = str(__package__)) -> str:
    """Return a file of a package as text."""
    return (files(package) / name).read_text(encoding="utf-8")


def _status(evaluation: Evaluation) -> str:
    if evaluation.baseline is None:
        return "unknown"
    difference, main = evaluation.baseline.difference, evaluation.main_metric
    values = (evaluation.metrics[main].value, evaluation.baseline.metrics[main].value)
    if not all(map(math.isfinite, (*values, difference.low, difference.value, difference.high))):
        return "unknown"
    if says_nothing(main, min(values)):
        return "neither"
    if difference.low > 0:
        return "good"
    return "bad" if difference.high < 0 else "unclear"


def strip_of(difference: Interval | None) -> Strip | None:
    """Return where a difference lies, None where it could not be measured."""
    if difference is None or not all(map(math.isfinite, (difference.low, difference.value, difference.high))):
        return None
    reach = 1.25 * max(abs(difference.low), abs(difference.value), abs(difference.high)) or 1.0
    low, value, high = (50 + 50 * end / reach for end in (difference.low, difference.value, difference.high))
    return Strip(low=low, value=value, high=high)
