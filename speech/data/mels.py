"""Log-mel frames of many recordings, made in one pass over them; where they are long, kept on the disk."""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import torch

from ...core.batch import Rows
from ...core.cache import user_cache
from ...core.errors import DataError, NoRoom
from ..audio import AudioConfig, Wave, log_mel, resample
from .clips import Clip, fingerprint

# Shapes: N recordings, F frames of all, T frames of one, M mels.

Frames: TypeAlias = npt.NDArray[np.float16]
Floats: TypeAlias = npt.NDArray[np.float32]

IN_MEMORY = 600.0
"""The seconds of sound whose frames stay in memory: making those of fewer takes a second or two."""

_VERSION = 1
"""Part of every key: to be raised when frames are made otherwise."""

_FRAMES, _MOMENTS, _ROWS, _FACTS = "frames.bin", "moments.bin", "rows.npy", "facts.json"
_BLOCK = 1 << 14
_FULL_SCALE, _UNSCALED = 0.999, 2.0
"""Samples at or above the first were cut off; where some reach the second, nobody scaled them to [-1, 1]."""

_FLOATS = ("seconds", "peak", "rms", "clipped")
_ROW = np.dtype([("length", "i8"), ("print", "u8"), *((name, "f4") for name in _FLOATS)])
_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class MelTable:
    """Row i is `frames[starts[i] : starts[i] + lengths[i]]`: raw log-mel (T, M) in float16, none if it is in `errors`.

    `frames` (F, M) and `moments` (all N, 2, M: mean and deviation of each mel) are often files that are mapped into
    memory; row i's moments are `moments[places[i]]`. `about` has a record a row: `length` in frames, `print`, a hash of
    what is heard, `seconds`, and of the samples the `peak`, the `rms` and the share at full scale, `clipped`.
    """

    frames: Frames
    moments: Floats
    about: npt.NDArray[Any]
    starts: Rows
    places: Rows
    errors: dict[int, str]

    def __len__(self) -> int:
        return len(self.places)

    @property
    def lengths(self) -> Rows:
        """The frames of each row."""
        return np.asarray(self.about["length"], np.int64)

    def of(self, row: int) -> Floats:
        """Return the frames (T, M) of one row."""
        start = int(self.starts[row])
        return np.asarray(self.frames[start : start + int(self.lengths[row])], np.float32)

    def take(self, rows: Rows) -> MelTable:
        """Return some rows, without reading them."""
        wrong = {place: self.errors[int(row)] for place, row in enumerate(rows) if int(row) in self.errors}
        picked = {name: getattr(self, name)[rows] for name in ("about", "starts", "places")}
        return replace(self, errors=wrong, **picked)

    def overall(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return mean and deviation (M,) of each mel over all frames."""
        sums = np.zeros((2, self.moments.shape[2]))
        for start in range(0, len(self), _BLOCK):
            weights = self.lengths[start : start + _BLOCK].astype(np.float64)
            mean, deviation = self.moments[self.places[start : start + _BLOCK]].astype(np.float64).swapaxes(0, 1)
            sums += weights @ mean, weights @ (deviation**2 + mean**2)
        mean, square = sums / self.lengths.sum()
        return mean, np.sqrt(np.maximum(square - mean**2, 1e-6))


def make_mels(clips: Sequence[Clip], audio: AudioConfig, in_memory: float = IN_MEMORY) -> MelTable:
    """Decode each recording once and return the frames of all; those of rate 0 are passed over.

    Those of `in_memory` seconds of files, or more, are kept in the user's cache, under a key of what the files hold and
    of `audio`: the next call with the same decodes none. Rows that cannot be decoded have no frames, and an error.
    """
    files = [clip for clip in clips if clip.file is not None]
    if not files or sum(clip.seconds for clip in clips) < in_memory:
        frames, moments = io.BytesIO(), io.BytesIO()
        rows, errors = _write(clips, audio, frames, moments)
        raw = np.frombuffer(frames.getbuffer(), np.float16), np.frombuffer(moments.getbuffer(), np.float32)
        return _table(*raw, rows, _named(errors, clips))

    def read(folder: Path) -> MelTable:
        facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        errors = {int(row): why for row, why in facts["errors"].items()}
        raw = _mapped(folder / _FRAMES, np.float16), _mapped(folder / _MOMENTS, np.float32)
        return _table(*raw, np.load(folder / _ROWS), _named(errors, clips))

    return user_cache().opened(_key(clips, audio), lambda unfinished: _fill(unfinished, clips, audio), read)


def _table(frames: Any, moments: Any, rows: npt.NDArray[Any], errors: dict[int, str]) -> MelTable:
    moments = moments.reshape(len(rows), 2, -1)
    ends = np.cumsum(rows["length"])
    frames = frames.reshape(int(ends[-1]) if len(ends) else 0, moments.shape[2])
    return MelTable(frames, moments, rows, ends - rows["length"], np.arange(len(rows)), errors)


def _named(errors: dict[int, str], clips: Sequence[Clip]) -> dict[int, str]:
    return {row: f"{clips[row].name}: {why}" for row, why in errors.items()}


def _key(clips: Sequence[Clip], audio: AudioConfig) -> str:
    import soundfile

    how = f"{_VERSION} {sorted(asdict(audio).items())} {soundfile.__libsndfile_version__}"
    whole = hashlib.blake2b(how.encode(), digest_size=16)
    for clip in clips:
        whole.update(f"\0{fingerprint(clip)}".encode())
    return f"speech-{whole.hexdigest()}"


def _mapped(path: Path, dtype: Any) -> npt.NDArray[Any]:
    return np.memmap(path, dtype, "r") if path.stat().st_size else np.zeros(0, dtype)


def _fill(folder: Path, clips: Sequence[Clip], audio: AudioConfig) -> None:
    try:
        with (folder / _FRAMES).open("wb") as frames, (folder / _MOMENTS).open("wb") as moments:
            rows, errors = _write(clips, audio, frames, moments)
        np.save(folder / _ROWS, rows)
        (folder / _FACTS).write_text(json.dumps({"errors": errors}, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        what = f"{sum(clip.seconds for clip in clips) / 3600:.1f} hours of speech"
        raise NoRoom(
            f"{folder.parent}: the frames of {what} cannot be kept there ({error.strerror}); make room, or name "
            "another folder in FOURFOLD_CACHE"
        ) from None


@dataclass(frozen=True)
class _Made:
    """What was made of one recording."""

    frames: bytes
    moments: bytes
    about: tuple[Any, ...]
    error: str | None = None


def _write(
    clips: Sequence[Clip], audio: AudioConfig, frames: BinaryIO, moments: BinaryIO
) -> tuple[npt.NDArray[Any], dict[int, str]]:
    """Write what is made of each recording, in order; return a record a row, and what is wrong with which."""
    rows, errors = np.zeros(len(clips), _ROW), {}
    for row, made in enumerate(_in_threads(lambda clip: _make(clip, audio), clips)):
        frames.write(made.frames)
        moments.write(made.moments)
        rows[row] = made.about
        if made.error:
            errors[row] = made.error
    return rows, errors


def _make(clip: Clip, audio: AudioConfig) -> _Made:
    nothing = _Made(b"", bytes(8 * audio.mels), (0, 0, 0, 0, 0, 0))
    if not clip.rate:
        return nothing
    try:
        wave, rate = clip.recorded(audio.longest)
    except DataError as error:
        if isinstance(clip.file, Path) and not clip.file.is_file():
            raise  # it went since it was opened; that is not to be remembered
        return replace(nothing, error=str(error).removeprefix(f"{clip.name}: "))
    mel_TM = log_mel(resample(wave, rate, audio.sample_rate), audio).astype(np.float16)
    kept_TM = mel_TM.astype(np.float32)  # of what is kept: else a mel that never changes would not become 0
    moments_2M = np.stack([kept_TM.mean(0), kept_TM.std(0)]).astype(np.float32)
    about = (len(mel_TM), _print(wave, rate), len(wave) / rate, *_levels(wave))
    return _Made(mel_TM.tobytes(), moments_2M.tobytes(), about)


def _print(wave: Wave, rate: int) -> int:
    """Return a hash of the samples at 16 bits: the same for a WAV and the FLAC made of it."""
    samples = (wave.clip(-1, 1) * 32767).round().astype("<i2")
    return int.from_bytes(hashlib.blake2b(samples.tobytes(), digest_size=8, salt=str(rate).encode()).digest())


def _levels(wave: Wave) -> tuple[float, float, float]:
    """Return the peak, the root of the mean square, and the share of samples at full scale."""
    loud = np.abs(wave)
    peak, power = float(loud.max()), float(np.square(loud, dtype=np.float64).mean())
    return peak, math.sqrt(power), float((loud >= _FULL_SCALE).mean()) if peak < _UNSCALED else 0.0


def _in_threads(work: Callable[[_Item], _Answer], items: Sequence[_Item]) -> Iterator[_Answer]:
    """Yield what `work` says of each item, in order; only a few answers wait at a time."""
    workers = torch.get_num_threads()
    if workers < 2 or len(items) < 2:
        yield from map(work, items)
        return
    waiting: deque[Future[_Answer]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > 4 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
