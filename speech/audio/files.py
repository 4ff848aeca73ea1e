"""Sound files by soundfile: no FFmpeg. What is in them is checked before, and while, they are decoded."""

from __future__ import annotations

import io
import math
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from ...core.errors import BadRow, DamagedFile, DataError, NoSuchFile, TooLarge, WrongFormat

Wave: TypeAlias = npt.NDArray[np.float32]
"""Mono samples in [-1, 1]."""

SOUND_FILES = (".wav", ".flac", ".ogg", ".opus", ".mp3")
MOST_CHANNELS = 8
"""So many channels are averaged; a file of more is no recording of speech."""
RATES = (4_000, 384_000)
"""The sample rates in Hz that recordings have."""

LOUDEST = 2.0**31
"""Samples may be as large as those of 32-bit integers that nobody scaled; beyond that they are garbage."""

_BLOCK = 1 << 18
STREAMED = (1 << 31) - (1 << 16)
"""Writers that cannot seek give the data of a WAV a size from here on."""
_UNKNOWN = 1 << 60
_UNKNOWN_FORMAT = "Format not recognised"
_WHOLE = 0.9
"""A file that has less than this share of what its header promises was cut short; headers of MP3 are rough."""
FINEST = 1000
"""The largest denominator of a ratio of sample rates."""
_SIZES = re.compile(r"^\s*data : (\d+) \(should be (\d+)\)", re.MULTILINE)


@dataclass(frozen=True)
class Header:
    """What a sound file says of itself: its rate in Hz, and its length in seconds (None: it doesn't say)."""

    rate: int
    seconds: float | None


def read_header(file: str | Path | bytes, name: str | None = None) -> Header:
    """Return what a file, or the bytes of one, says of itself, decoding nothing; raises DataError as `decode` does."""
    with opened(file, name or _name(file)) as sound:
        frames = _frames(sound)
        return Header(sound.samplerate, None if frames is None else frames / sound.samplerate)


def decode(
    file: str | Path | bytes,
    *,
    name: str | None = None,
    offset: float = 0.0,
    duration: float | None = None,
    longest: float = math.inf,
) -> tuple[Wave, int]:
    """Return the mono wave of a WAV, FLAC, OGG, Opus or MP3 file, or of its bytes, and its sample rate in Hz.

    `offset` and `duration` in seconds choose a part, found by seeking; a `duration` past the end stops there. Up to
    eight channels are averaged. The file is read block by block, and never more than `longest` seconds of it. Raises
    DataError, naming the file, where it is missing, not a sound, damaged, cut short, too long or without samples.
    """
    name = name or _name(file)
    with opened(file, name) as sound:
        start, promised = _span(sound, offset, duration, name)
        if promised is not None and promised > longest * sound.samplerate:
            raise too_long(name, promised / sound.samplerate, longest)
        blocks = list(_blocks(sound, name, (start, promised), longest, _BLOCK))
        rate = int(sound.samplerate)
    wave = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
    if not len(wave) and not promised:
        raise _without_samples(name)
    if promised is not None and len(wave) < _WHOLE * promised:
        raise _cut_short(name, len(wave) / rate, promised / rate)
    return wave, rate


def too_long(name: str, seconds: float, longest: float) -> DataError:
    """The error of a recording that is longer than is allowed."""
    return TooLarge(
        f"{name}: {seconds:,.0f} s long, more than audio.longest ({longest:g} s); cut it into utterances, or raise "
        "features.audio.longest"
    )


def resample(wave: Wave, rate: int, new_rate: int) -> Wave:
    """Return the wave at another sample rate (windowed sinc, by torchaudio).

    The ratio of odd rates is rounded, by less than a part in a thousand: else the filters alone would take gigabytes.
    """
    if rate == new_rate:
        return wave
    import torchaudio.functional

    ratio = Fraction(new_rate, rate).limit_denominator(FINEST)
    found = torchaudio.functional.resample(torch.from_numpy(wave), ratio.denominator, ratio.numerator)
    return np.asarray(found.numpy())


def _name(file: str | Path | bytes) -> str:
    return "bytes" if isinstance(file, bytes) else Path(file).name


@contextmanager
def opened(file: str | Path | bytes, name: str) -> Iterator[Any]:
    """Open a sound; raise DataError for what is none, or none of speech."""
    import soundfile

    if not isinstance(file, bytes):
        _check_file(Path(file), name)
    elif not file:
        raise _empty(name)
    try:
        sound = soundfile.SoundFile(io.BytesIO(file) if isinstance(file, bytes) else file)
    except (soundfile.SoundFileError, TypeError) as error:
        raise _no_sound(name, getattr(error, "error_string", _UNKNOWN_FORMAT)) from None  # TypeError: it is called .raw
    with sound:
        _check_sound(sound, name)
        yield sound


def _check_file(path: Path, name: str) -> None:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        where = "check the path (a relative one starts at the table's folder)"
        raise NoSuchFile(f"{path}: no such sound file; {where}") from None
    except (OSError, ValueError) as error:  # a loop of links, a name too long or with a NUL in it
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise NoSuchFile(f"{name!r}: cannot be opened ({reason}); correct the path") from None
    if stat.S_ISDIR(found.st_mode):
        raise NoSuchFile(f"{name}: a folder, not a sound file; give the path of a recording")
    if not stat.S_ISREG(found.st_mode):
        raise NoSuchFile(f"{name}: not a plain file; give the path of a recording")
    if not found.st_size:
        raise _empty(name)
    if not os.access(path, os.R_OK):
        raise NoSuchFile(f"{name}: you may not read it (permission denied); have its permissions changed")


def _empty(name: str) -> DataError:
    return DamagedFile(f"{name}: an empty file (0 bytes); copy it again or remove it")


def _no_sound(name: str, reason: str) -> DataError:
    # of MP3 libsndfile says that there was no file where there is none of it in the file
    reason = _UNKNOWN_FORMAT if "regular file" in reason else reason.rstrip(".")
    return WrongFormat(f"{name}: not a sound file ({reason}); convert it to WAV, FLAC, OGG or MP3")


def _check_sound(sound: Any, name: str) -> None:
    low, high = RATES
    if not low <= sound.samplerate <= high:
        raise WrongFormat(
            f"{name}: a sample rate of {sound.samplerate:,} Hz, not of {low:,} to {high:,}; correct its header, or "
            "record it again"
        )
    if sound.channels > MOST_CHANNELS:
        raise WrongFormat(f"{name}: {sound.channels} channels, more than {MOST_CHANNELS}; mix it down to one")
    if sizes := _SIZES.search(sound.extra_info):
        promised, there = map(int, sizes.groups())
        if promised < STREAMED and there < _WHOLE * promised:
            seconds = sound.frames / sound.samplerate
            raise _cut_short(name, seconds, seconds * promised / max(1, there))


def _cut_short(name: str, seconds: float, promised: float) -> DataError:
    how = f"{seconds:.2f} of {promised:.2f} s" if seconds else "no samples"
    return DamagedFile(f"{name}: cut short ({how} are there); copy it again or remove it")


def _frames(sound: Any) -> int | None:
    return int(sound.frames) if sound.frames < _UNKNOWN else None


def _span(sound: Any, offset: float, duration: float | None, name: str) -> tuple[int, int | None]:
    """Return the first sample of a part, and how many the header promises from there (None: it doesn't say)."""
    frames, rate = _frames(sound), sound.samplerate
    start, count = round(offset * rate), None if duration is None else max(1, round(duration * rate))
    if frames is None:
        return start, count
    if start and start >= frames:
        raise BadRow(f"{name}: its part begins at {offset:g} s, but it ends at {frames / rate:g} s; correct the offset")
    return start, frames - start if count is None else min(count, frames - start)


def sound_blocks(sound: Any, name: str, block: int) -> Iterator[Wave]:
    """Yield an open sound as mono, so many samples at a time; raises DataError as `decode` does, but does not wait."""
    came, promised = 0, _frames(sound)
    for wave in _blocks(sound, name, (0, promised), math.inf, block):
        came += len(wave)
        yield wave
    if not came:
        raise _without_samples(name)
    if promised is not None and came < _WHOLE * promised:
        raise _cut_short(name, came / sound.samplerate, promised / sound.samplerate)


def check_samples(samples: npt.NDArray[np.float32], name: str) -> None:
    """Raise DataError for samples that are no sound."""
    if not np.abs(samples).max() <= LOUDEST:  # also where it is not a number
        raise DamagedFile(f"{name}: samples that are no finite numbers in [-1, 1]; convert it again or remove it")


def _without_samples(name: str) -> DataError:
    return DamagedFile(f"{name}: a sound file without samples; record it again or remove it")


def _blocks(sound: Any, name: str, span: tuple[int, int | None], longest: float, most_once: int) -> Iterator[Wave]:
    """Yield the samples of a part as mono, block by block."""
    import soundfile

    (start, left), most, total = span, longest * sound.samplerate, 0
    try:
        if start:
            sound.seek(start)
        while left is None or left > total:
            block = sound.read(most_once if left is None else min(most_once, left - total), "float32", always_2d=True)
            if not len(block):
                return
            total += len(block)
            if total > most:
                raise too_long(name, total / sound.samplerate, longest)
            check_samples(block, name)
            yield block[:, 0] if sound.channels == 1 else block.mean(axis=1)
    except soundfile.SoundFileError as error:
        reason = str(getattr(error, "error_string", error)).removeprefix("Error : ").rstrip(".")
        raise DamagedFile(f"{name}: damaged ({reason}); copy it again or remove it") from None
