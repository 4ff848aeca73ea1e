"""Recordings for the page: the sound, and its log-mel as a picture with the words at their times."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ...core.errors import DataError
from ...core.report import Mark, Media
from ..audio import AudioConfig, Wave, log_mel
from ..data import Clip

LONGEST, RATE = 20.0, 16_000
"""The seconds that are played of an utterance, and the highest sample rate in Hz."""

_MELS, _HEIGHT, _COLUMNS, _LEVELS = 64, 128, 1000, 32
# Dark to bright through blue, red and yellow; brightness alone tells the power.
_COLOURS = ((12, 8, 38), (74, 24, 110), (165, 44, 96), (237, 105, 37), (252, 196, 64), (252, 253, 191))


class Timed(Protocol):
    """A word with its times in seconds."""

    @property
    def word(self) -> str: ...

    @property
    def start(self) -> float: ...

    @property
    def end(self) -> float: ...


def media_of(clip: Clip, words: Sequence[Timed] = ()) -> tuple[Media, ...]:
    """Return a recording as FLAC and its log-mel as PNG, at most 20 s of it; nothing where it can no longer be read.

    >>> sound, picture = media_of(Clip("a", 8000, wave=np.sin(np.arange(8000, dtype=np.float32))))
    >>> sound.uri[:22], picture.uri[:22], picture.caption
    ('data:audio/flac;base64', 'data:image/png;base64,', 'Log-mel power, 1.00 s, 0 to 4.0 kHz')
    """
    rate = min(RATE, clip.rate)
    try:
        wave = (clip.part(0.0, LONGEST) if not clip.duration or clip.duration > LONGEST else clip).sound(rate)
    except DataError:  # it went since it was read
        return ()
    seconds = len(wave) / rate
    if not seconds:
        return ()
    peak = float(np.abs(wave).max())
    wave = wave / peak if peak > 1 else wave  # nobody scaled them
    cut = f"the first {LONGEST:g} s of {clip.seconds:.0f}" if clip.seconds > LONGEST + 0.1 else f"{seconds:.2f} s"
    caption = f"Log-mel power, {cut}, 0 to {rate / 2000:.1f} kHz"
    marks = tuple(
        Mark(start=max(0.0, word.start) / seconds, end=min(1.0, word.end / seconds), text=word.word)
        for word in words
        if word.start < min(seconds, word.end)
    )
    return (
        Media(kind="audio", uri=_flac(wave, rate), caption=f"Recording, {cut}"),
        Media(kind="image", uri=_picture(wave, rate), caption=caption, marks=marks),
    )


def _flac(wave: Wave, rate: int) -> str:
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, wave, rate, format="FLAC", subtype="PCM_16")
    return f"data:audio/flac;base64,{b64encode(buffer.getvalue()).decode()}"


def _picture(wave: Wave, rate: int) -> str:
    from PIL import Image

    levels_TM = _thinned(log_mel(wave, AudioConfig(sample_rate=rate, mels=_MELS)))
    low, high = float(levels_TM.min()), float(levels_TM.max())
    scaled_MT = ((levels_TM - low) / max(high - low, 1e-6) * (_LEVELS - 1)).round().astype(np.uint8).T[::-1]
    image = Image.fromarray(np.ascontiguousarray(scaled_MT)).convert("L")
    image.putpalette(_palette())
    image = image.resize((image.width, _HEIGHT), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True, bits=8)
    return f"data:image/png;base64,{b64encode(buffer.getvalue()).decode()}"


def _thinned(frames_TM: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return at most so many columns as a page shows, each the loudest of some frames."""
    step = -(-len(frames_TM) // _COLUMNS)
    return np.maximum.reduceat(frames_TM, np.arange(0, len(frames_TM), step), axis=0)


def _palette() -> list[int]:
    at, anchors = np.linspace(0, len(_COLOURS) - 1, _LEVELS), np.array(_COLOURS, dtype=np.float64)
    channels = [np.interp(at, np.arange(len(anchors)), anchors[:, channel]) for channel in range(3)]
    return [int(value) for value in np.stack(channels, axis=1).round().ravel()]
