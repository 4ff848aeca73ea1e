"""Long recordings, cut at pauses into pieces that a recogniser takes."""

from __future__ import annotations

from dataclasses import replace

from ..core.batch import Examples
from .audio import pieces, resample
from .data import Clip


def cut(clip: Clip, rate: int, longest: float) -> tuple[list[Clip], list[float]]:
    """Return pieces of at most `longest` seconds, at `rate` Hz, in which somebody speaks, and where they begin.

    Raises DataError, naming the file, if it cannot be decoded.

    >>> import numpy as np
    >>> quiet, loud = np.zeros(8000, np.float32), np.sin(np.arange(8000, dtype=np.float32))
    >>> clip = Clip("talk", 8000, wave=np.concatenate([quiet, loud, quiet, loud, quiet]))
    >>> parts, starts = cut(clip, 8000, 2.5)
    >>> [len(part.wave) / 8000 for part in parts], starts
    ([2.26, 2.13], [0.0, 2.26])
    """
    wave = resample(*_known(clip).recorded(), rate)
    found = pieces(wave, rate, longest)
    parts = [
        Clip(clip.name, rate, wave=wave[start:end], speaker=clip.speaker, seconds=(end - start) / rate)
        for start, end in found
    ]
    return parts, [start / rate for start, _ in found]


def too_long(examples: Examples, longest: float) -> list[int]:
    """Return the rows that were refused for their length alone."""
    return [row for row in sorted(examples.errors) if getattr(examples.inputs[row], "seconds", 0.0) > longest]


def accepted(examples: Examples, rows: list[int]) -> Examples:
    """Return examples in which these rows are not refused."""
    return replace(examples, errors={row: why for row, why in examples.errors.items() if row not in rows})


def _known(clip: Clip) -> Clip:
    """Return a clip of samples with its rate, which was forgotten where it was refused for its length."""
    if clip.wave is None or clip.rate:
        return clip
    return replace(clip, rate=round(len(clip.wave) / clip.seconds))
