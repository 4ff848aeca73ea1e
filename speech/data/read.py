"""Recordings and transcripts from tables, folders and lists."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...core.batch import Examples
from ...core.errors import DataError
from ...core.tables import read_table
from ..audio import SOUND_FILES, Wave, decode, resample


@dataclass(frozen=True, eq=False)
class Clip:
    """One recording: a file, decoded whenever it is asked for, or samples in memory."""

    name: str
    rate: int
    path: Path | None = None
    wave: Wave | None = None

    def sound(self, rate: int) -> Wave:
        """Return mono samples at `rate` Hz; raises DataError, naming the file, if it cannot be decoded."""
        if self.wave is not None:
            return resample(self.wave, self.rate, rate)
        assert self.path is not None
        return resample(*decode(self.path), rate)

    def __repr__(self) -> str:
        samples = b"" if self.wave is None else self.wave.tobytes()
        content = self.path or f"{len(samples) // 4} samples, crc32 {zlib.crc32(samples):08x}"
        return f"Clip({self.name}, {self.rate} Hz, {content})"


def read(
    data: str | Path | pd.DataFrame | Sequence[Any],
    labels: Sequence[str] | None = None,
    *,
    input: str = "audio",
    label: str = "text",
    rate: int = 16000,
) -> Examples:
    """Read recordings and, where there are some, transcripts; `inputs` of the result is a list of `Clip`.

    `data` is a table (CSV, TSV, JSONL, Parquet, DataFrame) with paths of sound files, relative to the
    table's folder; a folder with a folder of sound files for each word; one sound file; or a list of paths,
    of arrays at `rate` Hz, or of pairs (array, rate). Every file is decoded once, so that `errors` names
    each that cannot be.
    """
    if isinstance(data, pd.DataFrame) or (isinstance(data, str | Path) and not _is_sound(data)):
        found = _from_folder(Path(data)) if _is_folder(data) else _from_table(data, input, label)
        return found if labels is None else replace(found, labels=_texts(labels, len(found), [found.name]))
    items = [data] if isinstance(data, str | Path) else list(data)
    if not items:
        raise DataError("there are no recordings; give at least one")
    clips, errors = _clips([_item(row, item, rate) for row, item in enumerate(items)])
    names = [clip.name for clip in clips]
    texts = _texts(labels, len(items), names)
    return Examples(inputs=clips, labels=texts, name="recordings", place=lambda row: f"row {row}", errors=errors)


def _is_sound(data: str | Path) -> bool:
    return Path(data).suffix.lower() in SOUND_FILES


def _is_folder(data: Any) -> bool:
    return isinstance(data, str | Path) and Path(data).is_dir()


def _from_table(data: str | Path | pd.DataFrame, input: str, label: str) -> Examples:
    table = read_table(data)
    texts = table.label_column(label)
    clips, errors = _clips([_file(table.folder / path) for path in table.text_column(input)])
    found = None if texts is None else np.array([clean(text) for text in texts], dtype=object)
    return Examples(
        inputs=clips,
        labels=found,
        name=table.name,
        place=table.place,
        errors=errors,
        notes=table.notes,
        encoding=table.encoding,
    )


def _from_folder(folder: Path) -> Examples:
    """Read a folder per word; a flat folder of sound files has no labels."""
    files = sorted(path for path in folder.rglob("*") if _is_sound(path) and path.is_file())
    if not files:
        kinds = ", ".join(SOUND_FILES)
        raise DataError(f"{folder}: no sound files ({kinds}) in it; give a folder of sound files for each word")
    flat = all(path.parent == folder for path in files)
    words = None if flat else np.array([clean(path.relative_to(folder).parts[0]) for path in files], dtype=object)
    places = [str(path.relative_to(folder)) for path in files]
    clips, errors = _clips([_file(path) for path in files])
    return Examples(inputs=clips, labels=words, name=folder.name, place=lambda row: places[row], errors=errors)


def _clips(clips: list[Clip]) -> tuple[list[Clip], dict[int, str]]:
    """Decode every file once: return the clips with their rates, and what is wrong with which."""
    checked, errors = [], {}
    for row, clip in enumerate(clips):
        try:
            checked.append(clip if clip.path is None else Clip(clip.name, decode(clip.path)[1], path=clip.path))
        except DataError as error:
            checked.append(clip)
            errors[row] = str(error)
    return checked, errors


def _file(path: Path) -> Clip:
    return Clip(path.name, 0, path=path)


def _item(row: int, item: Any, rate: int) -> Clip:
    if isinstance(item, str | Path):
        return _file(Path(item))
    if isinstance(item, tuple):
        item, rate = item
    return Clip(f"row {row}", rate, wave=_wave(row, np.asarray(item)))


def _wave(row: int, samples: npt.NDArray[Any]) -> Wave:
    if samples.ndim != 1 or not len(samples):
        raise DataError(f"row {row}: samples of the shape {samples.shape}; give a flat array of one channel")
    if np.issubdtype(samples.dtype, np.integer):
        samples = samples / -float(np.iinfo(samples.dtype).min)
    if not np.issubdtype(samples.dtype, np.floating) or not np.isfinite(samples).all():
        raise DataError(f"row {row}: samples that are not finite numbers; give floats in [-1, 1]")
    return np.ascontiguousarray(samples, dtype=np.float32)


def _texts(labels: Sequence[str] | None, count: int, names: list[str]) -> npt.NDArray[Any] | None:
    if labels is None:
        return None
    texts = list(labels)
    if len(texts) != count:
        raise DataError(f"{count} recordings but {len(texts)} transcripts; give one for each")
    for row, text in enumerate(texts):
        if not isinstance(text, str) or not text.strip():
            raise DataError(f"row {row} ({names[row]}): transcript {text!r} is not a text; give a string with words")
    return np.array([clean(text) for text in texts], dtype=object)


def clean(text: str) -> str:
    """Return a transcript in Unicode's composed form with single spaces.

    >>> clean("  forty   two ")
    'forty two'
    """
    import unicodedata

    return " ".join(unicodedata.normalize("NFC", text).split())
