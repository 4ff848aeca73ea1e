"""Recordings and transcripts from tables, folders and lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...core.batch import Examples
from ...core.errors import BadRow, CountsDiffer, NoRows
from ...core.tables import is_frame, read_table
from ..audio import SOUND_FILES, AudioConfig
from .clips import Clip, as_wave, clean
from .folders import list_folder, part_of
from .listing import Listing, texts_of
from .tables import list_table
from .zoo import PREFIX as TORCHAUDIO
from .zoo import list_zoo

if TYPE_CHECKING:
    import pandas as pd


def read(
    data: str | Path | pd.DataFrame | Sequence[Any],
    labels: Sequence[str] | None = None,
    *,
    input: str | None = None,
    label: str | None = None,
    rate: int = 16000,
    audio: AudioConfig | None = None,
) -> Examples:
    """Read recordings and, where there are some, transcripts; `inputs` of the result is a `Recordings` of `Clip`.

    `data` is a table (CSV, TSV, JSON, JSONL, Parquet, a data set of Hugging Face, a DataFrame) with paths, relative to
    its folder, or encoded bytes; a folder as `list_folder` knows them, or `FOLDER:PART`;
    `torchaudio:NAME[:SPLIT][@FOLDER]`; one sound file; or a list of paths, of encoded bytes, of arrays at `rate` Hz, or
    of pairs (array, rate).

    Every file is decoded here, once, and its log-mel frames by `audio` kept, on the disk where there are many; `errors`
    names each that cannot be. An empty transcript is kept as "". Raises DataError where there is nothing to read.

    >>> examples = read([np.zeros(8000)], ["nothing"], rate=8000)
    >>> examples.inputs[0].rate, examples.labels.tolist()
    (8000, ['nothing'])
    """
    found = _listed(data, (input, label), rate, labels is not None)
    if labels is not None:
        found = replace(found, texts=_texts(labels, len(found.clips), [clip.name for clip in found.clips], found.name))
    return found.opened(audio or AudioConfig())


def _listed(data: Any, columns: tuple[str | None, str | None], rate: int, labelled: bool) -> Listing:
    if isinstance(data, str | Path):
        if str(data).startswith(TORCHAUDIO):
            return list_zoo(str(data))
        if folder := _folder(data):
            return list_folder(*folder, columns)
        if _is_sound(data):
            return _list_items([data], rate)
    if isinstance(data, str | Path) or is_frame(data):
        return list_table(read_table(data), *columns, labelled=labelled)
    return _list_items(list(data), rate)


def _is_sound(data: str | Path) -> bool:
    return Path(data).suffix.lower() in SOUND_FILES


def _folder(data: str | Path) -> tuple[Path, str | None] | None:
    """Return a folder of recordings, and the part of it; None for what `save_to_disk` wrote, and all else."""
    found = part_of(str(data))
    saved = found and any((found[0] / name).is_file() for name in ("state.json", "dataset_dict.json"))
    return None if saved else found


def _list_items(items: list[Any], rate: int) -> Listing:
    if not items:
        raise NoRows("there are no recordings; give at least one")
    clips = [_item(row, item, rate) for row, item in enumerate(items)]
    return Listing(clips=clips, texts=None, name="recordings", place=lambda row: f"row {row}")


def _item(row: int, item: Any, rate: int) -> Clip:
    if isinstance(item, Clip):
        return item
    if isinstance(item, str | Path):
        return Clip(Path(item).name, 0, file=Path(item))
    if isinstance(item, bytes):
        return Clip("recording", 0, file=item)
    if isinstance(item, tuple):
        item, rate = item
    return Clip(f"row {row}", rate, wave=as_wave(np.asarray(item), f"row {row}"))


def _texts(labels: Sequence[str], count: int, names: list[str], name: str) -> npt.NDArray[Any]:
    texts = list(labels)
    if len(texts) != count:
        raise CountsDiffer(f"{count} recordings but {len(texts)} transcripts; give one for each")
    for row, text in enumerate(texts):
        if not isinstance(text, str) or not text.strip():
            raise BadRow(f"row {row} ({names[row]}): transcript {text!r} is not a text; give a string with words")
    return texts_of([clean(text) for text in texts])
