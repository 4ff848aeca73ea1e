"""The data sets of torchaudio: `torchaudio:NAME[:SPLIT][@FOLDER]`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ...core.cache import user_cache
from ...core.errors import NoSuchFile, NoSuchPart, UnknownName, did_you_mean
from ...core.tables import read_text
from ..audio import download
from ..audio.zoo import FOLDERS
from .clips import Clip, clean
from .folders import list_folder, sounds_in
from .listing import Listing, texts_of

PREFIX = "torchaudio:"
_SPLITS = {"LIBRISPEECH": "train-clean-100", "SPEECHCOMMANDS": "train"}


def list_zoo(data: str) -> Listing:
    """Return the clips of `torchaudio:NAME[:SPLIT]`, without a split of train; `@FOLDER` is where the set lies.

    Without a folder it lies in the user's cache, and is downloaded where it is not there yet. Raises ConfigError for a
    name that is not read, DataError where the set cannot be had.
    """
    written, _, root = data.removeprefix(PREFIX).partition("@")
    called, _, split = written.partition(":")
    name = called.upper()
    if name not in FOLDERS:
        raise UnknownName(f"{data}: no data set '{called}'{did_you_mean(called, list(FOLDERS))}")
    if split and name not in _SPLITS:
        raise NoSuchPart(f"{data}: {name} has one split only; leave ':{split}' out")
    split = split or _SPLITS.get(name, "")
    folder = Path(root) / FOLDERS[name].format(split=split) if root else None
    if folder is not None and not folder.is_dir():
        raise NoSuchFile(f"{data}: no folder {folder}; name the one that holds {FOLDERS[name].split('/')[0]}")
    folder = folder or download(name, split, user_cache())
    return replace(_listed(name, split, folder), name="/".join(filter(None, (name, split))))


def _listed(name: str, split: str, folder: Path) -> Listing:
    if name == "YESNO":
        return _yesno(folder)
    if name == "LJSPEECH":
        return _ljspeech(folder)
    return list_folder(folder, split if name == "SPEECHCOMMANDS" else None, (None, None))


def _yesno(folder: Path) -> Listing:
    """The name of each file says what is said: 1 is yes, 0 is no."""
    files = sounds_in(folder)
    words = [" ".join("yes" if digit == "1" else "no" for digit in path.stem.split("_")) for path in files]
    clips = [Clip(path.name, 0, file=path) for path in files]
    return Listing(clips=clips, texts=texts_of(words), name=folder.name, place=lambda row: files[row].name)


def _ljspeech(folder: Path) -> Listing:
    """`metadata.csv` has lines of ID, text, and text with the numbers written out, between bars."""
    rows = [line.split("|") for line in read_text(folder / "metadata.csv")[0].split("\n") if line.strip()]
    clips = [Clip(f"{row[0]}.wav", 0, file=folder / "wavs" / f"{row[0]}.wav") for row in rows]
    texts = texts_of([clean(row[-1]) for row in rows])
    return Listing(clips=clips, texts=texts, name=folder.name, place=lambda row: f"metadata.csv:{row + 1}")
