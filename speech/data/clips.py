"""A recording: a file or the bytes of one, decoded when they are asked for, or samples in memory."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch

from ...core.errors import DataError, NoSuchFile, WrongArray
from ...core.files import file_hash
from ..audio import LOUDEST, Header, Wave, decode, read_header, resample, too_long

_T = TypeVar("_T")
_BYTES = "bytes"


@dataclass(frozen=True, eq=False)
class Clip:
    """One recording: a path or encoded bytes (`file`), of which `offset` and `duration` in seconds choose a part, or
    mono samples in memory (`wave`).

    `rate` in Hz and `seconds` are what its header says (0 where nobody has looked, or it doesn't say), `digest` is a
    hash of the file's content, and `speaker` who speaks, where that is known.

    >>> clip = Clip("a", 8000, wave=np.zeros(8000, np.float32))
    >>> len(clip.sound(16000)), len(clip.part(0.25, 0.5).sound(8000))
    (16000, 4000)
    """

    name: str
    rate: int
    file: Path | bytes | None = None
    wave: Wave | None = None
    offset: float = 0.0
    duration: float | None = None
    speaker: str | None = None
    seconds: float = 0.0
    digest: str = ""

    def sound(self, rate: int, longest: float = math.inf) -> Wave:
        """Return mono samples at `rate` Hz; raises DataError, naming the file, as `decode` does."""
        return resample(*self.recorded(longest), rate)

    def recorded(self, longest: float = math.inf) -> tuple[Wave, int]:
        """Return mono samples as they were recorded, and their rate in Hz."""
        if self.wave is None:
            assert self.file is not None
            return decode(self.file, name=self.name, offset=self.offset, duration=self.duration, longest=longest)
        start = round(self.offset * self.rate)
        end = len(self.wave) if self.duration is None else start + round(self.duration * self.rate)
        return self.wave[start:end], self.rate

    def part(self, offset: float, seconds: float) -> Clip:
        """Return so many seconds of this recording, from `offset` seconds on."""
        return replace(self, offset=self.offset + offset, duration=seconds, seconds=seconds)

    def __repr__(self) -> str:
        if self.wave is not None:
            content = f"{len(self.wave)} samples, crc32 {zlib.crc32(self.wave.tobytes()):08x}"
        else:
            content = self.digest or (str(self.file) if isinstance(self.file, Path) else "bytes")
        span = "" if self.duration is None and not self.offset else f", {self.duration} s from {self.offset} s"
        return f"Clip({self.name}, {self.rate} Hz, {content}{span})"


def fingerprint(clip: Clip) -> str:
    """Return what tells the content of a clip from that of others, whatever it is called."""
    content = clip.digest if clip.wave is None else sha256(clip.wave.tobytes()).hexdigest()
    return f"{content} {clip.rate} {clip.offset} {clip.duration}"


def open_clips(clips: Sequence[Clip], longest: float = math.inf) -> tuple[list[Clip], dict[int, str]]:
    """Read the headers of files, each once, and hash their content: return the clips with what was found, and what is
    wrong with which. Nothing is decoded, and of what is too long nothing but the header is read."""
    with ThreadPoolExecutor(max(1, torch.get_num_threads())) as pool:
        headers = _of_each(pool, _header, [clip.file for clip in clips])
        opened = [_with_header(clip, headers.get(clip.file)) for clip in clips]
        digests = _of_each(pool, _digest, [clip.file for clip in opened if clip.rate and clip.seconds <= longest])
    errors = {}
    for row, clip in enumerate(opened):
        why: Header | DataError | str | None = headers.get(clip.file)
        if clip.rate and clip.seconds > longest:
            why = too_long(clip.name, clip.seconds, longest)
        elif clip.rate and clip.file is not None:
            why = digests[clip.file]
        if isinstance(why, DataError):
            errors[row] = f"{clip.name}{str(why).removeprefix(_BYTES)}" if str(why).startswith(_BYTES) else str(why)
            opened[row] = replace(clip, rate=0)
        elif isinstance(why, str):
            opened[row] = replace(clip, digest=why)
    return opened, errors


def _of_each(pool: ThreadPoolExecutor, look: Callable[[Any], _T], files: Sequence[Any]) -> dict[Any, _T]:
    """Return what is found of each file, one by one though several clips may be of it."""
    unique = [file for file in dict.fromkeys(files) if file is not None]
    return dict(zip(unique, pool.map(look, unique), strict=True))


def _header(file: Path | bytes) -> Header | DataError:
    try:
        return read_header(file)
    except DataError as error:
        return error


def _digest(file: Path | bytes) -> str | DataError:
    try:
        return sha256(file).hexdigest() if isinstance(file, bytes) else file_hash(file)
    except OSError as error:  # it went, or the disk failed, since its header was read
        return NoSuchFile(f"{file!s}: cannot be read ({error.strerror}); copy it again or remove it")


def _with_header(clip: Clip, header: Header | DataError | None) -> Clip:
    if header is None:
        return replace(clip, seconds=len(clip.recorded()[0]) / clip.rate)
    if isinstance(header, DataError):
        return replace(clip, rate=0)
    left = math.inf if header.seconds is None else max(0.0, header.seconds - clip.offset)
    seconds = min(left, math.inf if clip.duration is None else clip.duration)
    return replace(clip, rate=header.rate, seconds=seconds if math.isfinite(seconds) else 0.0)


def as_wave(samples: npt.NDArray[Any], name: str) -> Wave:
    """Return an array as mono samples in [-1, 1]; whole numbers are scaled by their type; else DataError."""
    if samples.ndim != 1 or not len(samples):
        raise WrongArray(f"{name}: samples of the shape {samples.shape}; give a flat array of one channel")
    return as_samples(samples, name)


def as_samples(samples: npt.NDArray[Any], name: str) -> Wave:
    """Do the same, also for no samples at all."""
    samples = np.asarray(samples)
    if samples.ndim != 1:
        raise WrongArray(f"{name}: samples of the shape {samples.shape}; give a flat array of one channel")
    if np.issubdtype(samples.dtype, np.integer):
        kind = np.iinfo(samples.dtype)
        samples = samples / -float(kind.min) if kind.min else samples * (2 / (kind.max + 1.0)) - 1
    if not np.issubdtype(samples.dtype, np.floating) or not np.abs(samples).max(initial=0) <= LOUDEST:
        raise WrongArray(f"{name}: samples that are not finite numbers; give floats in [-1, 1]")
    return np.ascontiguousarray(samples, dtype=np.float32)


def clean(text: str) -> str:
    """Return a transcript in Unicode's composed form with single spaces.

    >>> clean("  forty   two ")
    'forty two'
    """
    import unicodedata

    return " ".join(unicodedata.normalize("NFC", text).split())
