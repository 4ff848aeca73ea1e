"""Sound as it comes: from a file block by block, or as bytes through a pipe; and resampled on the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...core.errors import DamagedFile, DataError, NoRows, WrongFormat
from .files import FINEST, MOST_CHANNELS, RATES, STREAMED, Wave, check_samples, opened, resample, sound_blocks

Read = Callable[[int], bytes]
"""Gives up to so many bytes, as many as are there, and none at the end: the `read1` of a binary file."""

_SECONDS = 0.1
_BYTES = 1 << 14
_WIDTH, _ROLLOFF = 6, 0.99
"""The zero crossings, on each side, of the sinc by which torchaudio resamples, and where it cuts off."""

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_OTHERS = {
    b"fLaC": "FLAC", b"OggS": "OGG", b"ID3": "MP3", b"FORM": "AIFF", b"\x1aE\xdf\xa3": "WebM", b"RF64": "RF64",
    b"RIFX": "RIFX",
}  # fmt: skip


class Arriving(NamedTuple):
    """A sound's rate in Hz and its mono samples, block by block."""

    rate: int
    blocks: Iterator[Wave]


class ResampleStream:
    """What `resample` does, of a wave that comes in pieces of any size: the same samples, up to float error.

    >>> stream, wave = ResampleStream(8000, 16000), np.sin(np.arange(1000, dtype=np.float32))
    >>> parts = [stream.feed(wave[:10]), stream.feed(wave[10:]), stream.finish()]
    >>> bool(np.allclose(np.concatenate(parts), resample(wave, 8000, 16000), atol=1e-6))
    True
    """

    def __init__(self, rate: int, new_rate: int) -> None:
        ratio = Fraction(new_rate, rate).limit_denominator(FINEST)
        self.old, self.new = ratio.denominator, ratio.numerator
        # so many samples before and after decide one; whole periods of the ratio, so that phases agree
        self.margin = self.old * math.ceil(_WIDTH / (_ROLLOFF * min(self.old, self.new)) + 1 / self.old)
        self._held: Wave = np.zeros(self.margin, np.float32)
        self.samples = self.given = 0

    def feed(self, wave: Wave) -> Wave:
        """Return the samples at the new rate, perhaps none, that are decided with these."""
        self.samples += len(wave)
        if self.old == self.new:
            return wave
        self._held = np.concatenate([self._held, wave])
        return self._made((len(self._held) - 2 * self.margin) // self.old)

    def finish(self) -> Wave:
        """Return the last samples."""
        if self.old == self.new:
            return np.zeros(0, np.float32)
        left = math.ceil(self.samples * self.new / self.old) - self.given
        periods = -(-left // self.new)
        self._held = np.pad(self._held, (0, max(0, 2 * self.margin + periods * self.old - len(self._held))))
        return self._made(periods)[:left]

    def _made(self, periods: int) -> Wave:
        if periods <= 0:
            return np.zeros(0, np.float32)
        end = 2 * self.margin + periods * self.old
        start, count = self.margin // self.old * self.new, periods * self.new
        made = resample(self._held[:end], self.old, self.new)[start : start + count]
        self._held = self._held[periods * self.old :]
        self.given += count
        return made


def arriving_file(path: str | Path) -> Arriving:
    """Open a sound file to be read a tenth of a second at a time; raises DataError as `decode` does, then or later."""
    name = Path(path).name
    with opened(path, name) as sound:
        rate = int(sound.samplerate)

    def blocks() -> Iterator[Wave]:
        with opened(path, name) as sound:
            yield from sound_blocks(sound, name, block=max(1, round(_SECONDS * rate)))

    return Arriving(rate, blocks())


def arriving_bytes(read: Read, rate: int, name: str = "standard input") -> Arriving:
    """Return the samples of a WAV that is being written, or of raw 16-bit little-endian mono PCM at `rate` Hz.

    What begins as a WAV is one: its header tells rate, channels and type. A size of the data that its writer could not
    know is not believed; what comes after data of a known size is no sound. Half a sample at the end is left. Raises
    DataError for sound that cannot be read as it comes, and where nothing comes.
    """
    source = _Bytes(read)
    start = source.peek(4)
    if not start:
        raise NoRows(f"{name}: nothing came; pipe raw 16-bit mono PCM at {rate} Hz into it, or a WAV")
    for magic, kind in _OTHERS.items():
        if start.startswith(magic):
            raise WrongFormat(f"{name}: {kind}, which cannot be read as it comes; pipe WAV or raw 16-bit PCM into it")
    if start != b"RIFF":
        return Arriving(rate, _waves(source, _Form(_PCM, 1, rate, 2), math.inf, name))
    form, size = _header(source, name)
    return Arriving(form.rate, _waves(source, form, size, name))


class _Form(NamedTuple):
    """What a WAV's header says: the type of its samples, channels, rate, and bytes a sample."""

    kind: int
    channels: int
    rate: int
    width: int


class _Bytes:
    """Bytes as they come, of which some can be looked at first."""

    def __init__(self, read: Read) -> None:
        self._read, self._held, self.ended = read, b"", False

    def peek(self, count: int) -> bytes:
        """Return the next bytes without taking them; fewer only at the end."""
        while len(self._held) < count and not self.ended:
            self._more()
        return self._held[:count]

    def take(self, count: int) -> bytes:
        """Take so many bytes; fewer only at the end."""
        found, self._held = self.peek(count), self._held[count:]
        return found

    def skip(self, count: int) -> None:
        """Take so many bytes, without keeping them."""
        while count > 0 and (found := self.take(min(count, _BYTES))):
            count -= len(found)

    def some(self, unit: int) -> bytes:
        """Take what is there, in whole units; nothing only at the end."""
        while len(self._held) < unit and not self.ended:
            self._more()
        return self.take(len(self._held) // unit * unit)

    def _more(self) -> None:
        found = self._read(_BYTES)
        self._held, self.ended = self._held + found, not found


def _header(source: _Bytes, name: str) -> tuple[_Form, float]:
    """Read a WAV's header up to its data; return its form, and the bytes of data, infinity where that is not known."""
    if source.take(12)[8:] != b"WAVE":
        raise _damaged(name, "RIFF without WAVE")
    form = None
    while True:
        head = source.take(8)
        if len(head) < 8:
            raise _damaged(name, "it ends before its data")
        kind, size = head[:4], int.from_bytes(head[4:], "little")
        if kind == b"data":
            if form is None:
                raise _damaged(name, "no format before its data")
            return form, size if 0 < size < STREAMED else math.inf
        if kind == b"fmt " and 16 <= size <= _BYTES:
            form = _form(source.take(size), name)
            source.skip(size % 2)
        else:
            source.skip(size + size % 2)


def _form(body: bytes, name: str) -> _Form:
    if len(body) < 16:
        raise _damaged(name, "it ends in its header")
    kind, channels = (int.from_bytes(body[at : at + 2], "little") for at in (0, 2))
    rate, width = int.from_bytes(body[4:8], "little"), int.from_bytes(body[14:16], "little")
    if kind == _EXTENSIBLE and len(body) >= 26:
        kind = int.from_bytes(body[24:26], "little")
    if (kind, width) not in _READERS:
        raise WrongFormat(
            f"{name}: a WAV of the type {kind} with {width} bits, not PCM or floats; convert it to 16 bits"
        )
    if not RATES[0] <= rate <= RATES[1]:
        raise WrongFormat(
            f"{name}: a sample rate of {rate:,} Hz, not of {RATES[0]:,} to {RATES[1]:,}; correct its header"
        )
    if not 1 <= channels <= MOST_CHANNELS:
        raise WrongFormat(f"{name}: {channels} channels, not 1 to {MOST_CHANNELS}; mix it down to one")
    return _Form(kind, channels, rate, width // 8)


def _damaged(name: str, why: str) -> DataError:
    return DamagedFile(f"{name}: a damaged WAV ({why}); pipe WAV or raw 16-bit PCM into it")


def _waves(source: _Bytes, form: _Form, left: float, name: str) -> Iterator[Wave]:
    unit = form.width * form.channels
    read, came = _READERS[form.kind, 8 * form.width], False
    while left >= unit and (block := source.some(unit)):
        block = block[: int(min(left, len(block))) // unit * unit]
        left, came = left - len(block), True
        wave = read(block).reshape(-1, form.channels).mean(axis=1, dtype=np.float32)
        check_samples(wave, name)
        yield wave
    if not came:
        raise NoRows(f"{name}: no samples came; record it again")


def _whole(block: bytes, width: int) -> npt.NDArray[np.float32]:
    return (np.frombuffer(block, f"<i{width}") / 2.0 ** (8 * width - 1)).astype(np.float32)


def _of_24(block: bytes) -> npt.NDArray[np.float32]:
    three = np.frombuffer(block, np.uint8).reshape(-1, 3)
    return _whole(np.pad(three, ((0, 0), (1, 0))).tobytes(), 4)


_READERS: dict[tuple[int, int], Callable[[bytes], npt.NDArray[np.float32]]] = {
    (_PCM, 8): lambda block: ((np.frombuffer(block, np.uint8) - 128.0) / 128).astype(np.float32),
    (_PCM, 16): lambda block: _whole(block, 2),
    (_PCM, 24): _of_24,
    (_PCM, 32): lambda block: _whole(block, 4),
    (_FLOAT, 32): lambda block: np.frombuffer(block, "<f4").astype(np.float32),
    (_FLOAT, 64): lambda block: np.frombuffer(block, "<f8").astype(np.float32),
}
