"""Tables of recordings: paths or encoded bytes, transcripts, and perhaps who speaks and where in a file."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...core.tables import Table
from ...core.tables.sets import is_several
from .clips import Clip, as_wave, clean
from .listing import Listing

INPUTS = (
    "audio", "audio_filepath", "audio_path", "path", "file", "file_name", "filename", "filepath", "wav", "recording",
)  # fmt: skip
TEXTS = ("text", "sentence", "transcript", "transcription", "normalized_text")
SPEAKERS = ("speaker", "speaker_id", "client_id", "spk_id")
NEMO = "audio_filepath"

_SEPARATORS = re.compile(r"[\\/]+")


def list_table(table: Table, input: str | None, label: str | None, *, labelled: bool = False) -> Listing:
    """Return the clips and transcripts of a table; nothing is opened.

    A column that nobody names is the first of the usual ones: of recordings `audio`, of transcripts `text`, of speakers
    `speaker`, and a note says so where it is called otherwise. A cell holds a path, relative to the table's folder, or
    encoded bytes, or both as Hugging Face has them. `offset` and `duration` in seconds choose a part of a file where
    there is an `offset` or the column is NeMo's (`audio_filepath`). A path that is not there is looked for without its
    first folders: manifests are often made elsewhere. `labelled` says that transcripts come from elsewhere; with a
    `label` "" none are read.
    """
    names = [str(name) for name in table.frame.columns]
    input = input or _usual(names, INPUTS)
    text = _usual([name for name in names if name != input], TEXTS) if label is None else label
    speaker = next((name for name in SPEAKERS if name in names), None)
    cells, speakers = table.column(input).tolist(), _speakers(table, speaker)
    spans = _Spans.of(table, names, input)
    paths = _Paths(table.folder)
    clips, errors = [], {}
    for row, cell in enumerate(cells):
        clip = _clip(cell, paths)
        why = f"column '{input}' is empty; fill it or remove the row" if clip is None else spans.wrong(row)
        if isinstance(clip, str):
            why = clip
        if why:
            errors[row] = why
        found = clip if isinstance(clip, Clip) and not why else Clip("", 0, file=b"")
        clips.append(_placed(found, spans.offset(row), spans.duration(row), speakers[row]))
    roles = {"recordings": (input, "audio"), "transcripts": (text, "text"), "speakers": (speaker, "speaker")}
    taken = [(what, one) for what, (one, usual) in roles.items() if one not in (usual, label, None, NEMO)]
    notes = [f"{table.name}: column '{one}' is taken for the {what}" for what, one in taken if one in names]
    return Listing(
        clips=clips,
        texts=None if labelled else _texts(table, text, names),
        name=table.name,
        place=table.place,
        errors=errors,
        notes=(*table.notes, *notes, *paths.notes(table.name, len(cells))),
        columns={"input": input, "label": text},
        encoding=table.encoding,
    )


def _usual(names: Sequence[str], usual: Sequence[str]) -> str:
    return next((name for name in usual if name in names), usual[0])


def _texts(table: Table, name: str, names: Sequence[str]) -> npt.NDArray[Any] | None:
    """Return transcripts, "" where one is empty; None where there is no such column or nothing in it."""
    if name not in names:
        return None
    texts = [clean(text) for text in table.strings(name)]
    return np.array(texts, dtype=object) if any(texts) else None


def _speakers(table: Table, name: str | None) -> list[str | None]:
    if name is None:
        return [None] * len(table.frame)
    return [speaker.strip() or None for speaker in table.strings(name)]


def _placed(clip: Clip, offset: float, duration: float | None, speaker: str | None) -> Clip:
    return Clip(clip.name, clip.rate, clip.file, clip.wave, offset, duration, speaker)


def _clip(cell: Any, paths: _Paths) -> Clip | str | None:
    """Return the recording of a cell; None where it is empty, a text where it is none."""
    if isinstance(cell, dict):
        name = Path(str(cell.get("path") or "recording")).name
        if cell.get("bytes"):
            return Clip(name, 0, file=bytes(cell["bytes"]))
        if cell.get("array") is not None:
            return _of_array(cell["array"], name, cell.get("sampling_rate"))
        cell = cell.get("path")
    if isinstance(cell, bytes | bytearray | memoryview):
        return Clip("recording", 0, file=bytes(cell)) if len(cell) else None
    if is_several(cell):
        return _of_array(cell, "recording", None)
    if cell is None or (isinstance(cell, float) and math.isnan(cell)) or not str(cell).strip():
        return None
    path = paths.find(str(cell).strip())
    return Clip(path.name, 0, file=path)


def _of_array(samples: Any, name: str, rate: Any) -> Clip | str:
    try:
        return Clip(name, int(rate or 16000), wave=as_wave(np.asarray(samples), name))
    except ValueError as error:
        return str(error)


@dataclass(frozen=True)
class _Spans:
    """Which part of its file each row is: columns of seconds, None where there are none."""

    offsets: Sequence[Any] | None
    durations: Sequence[Any] | None

    @classmethod
    def of(cls, table: Table, names: Sequence[str], input: str) -> _Spans:
        if "offset" not in names and input != NEMO:  # durations alone may be of any unit
            return cls(None, None)
        columns = [table.frame[name].tolist() if name in names else None for name in ("offset", "duration")]
        return cls(*columns)

    def offset(self, row: int) -> float:
        return _seconds(self.offsets, row) or 0.0

    def duration(self, row: int) -> float | None:
        return _seconds(self.durations, row)

    def wrong(self, row: int) -> str | None:
        """Say what is wrong with a row's numbers."""
        for name, values in (("offset", self.offsets), ("duration", self.durations)):
            number = _seconds(values, row)
            if number is not None and not 0 <= number < math.inf:
                assert values is not None
                return f"{name} {values[row]!r} is no number of seconds; correct it or leave it out"
        return None


def _seconds(values: Sequence[Any] | None, row: int) -> float | None:
    """Return a cell as seconds, None where it is empty, infinity where it is no number."""
    if values is None or values[row] is None or values[row] == "" or values[row] != values[row]:
        return None
    try:
        return float(values[row])
    except (TypeError, ValueError):
        return math.inf


@dataclass
class _Paths:
    """Finds files by the paths in a table; counts those that were found without their first folders."""

    folder: Path
    shortened: int = 0
    dropped: list[str] = field(default_factory=list)

    def find(self, written: str) -> Path:
        """Return where a file is: as written, else the longest end of the path that is there, else as written.

        What was dropped from one path is tried first on the next.
        """
        path = self.folder / written
        if _is_there(path):
            return path
        known = [written.removeprefix(head) for head in self.dropped if written.startswith(head)]
        parts = [part for part in _SEPARATORS.split(written) if part]
        for end in (*known, *("/".join(parts[start:]) for start in range(1, len(parts)))):
            if ".." not in _SEPARATORS.split(end) and _is_there(self.folder / end):
                self.shortened += 1
                head = written.removesuffix(end)
                if head not in self.dropped and head != written:
                    self.dropped.append(head)
                return self.folder / end
        return path

    def notes(self, name: str, rows: int) -> list[str]:
        """Say which paths were not where they say."""
        if not self.shortened:
            return []
        what = f"{self.shortened:,} of {rows:,} paths are not there as written"
        return [f"{name}: {what}; they were found without '{self.dropped[0] if self.dropped else '…'}'"]


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
