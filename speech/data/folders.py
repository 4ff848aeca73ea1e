"""Folders of recordings: one for each word, LibriSpeech's, Common Voice's, Speech Commands', Hugging Face's, or sounds
alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from ...core.errors import BadRow, NoRows, NoSuchPart, WrongFolder
from ...core.tables import is_table, read_table, read_text
from ..audio import SOUND_FILES
from .clips import Clip, clean, open_clips
from .listing import Listing, texts_of
from .tables import list_table

PARTS = {
    "train": ("train", "training"),
    "valid": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing"),
}
"""What the folders of a divided data set are called; LibriSpeech's go on after a hyphen."""

LISTS = {"test": "testing_list.txt", "valid": "validation_list.txt"}
"""Speech Commands' files that name the recordings of a part; the others are for training."""

CLIPS, VALIDATED = "clips", "validated.tsv"
TABLES = {"train": "train.tsv", "valid": "dev.tsv", "test": "test.tsv"}
"""Common Voice's tables of each part, of recordings in the folder `clips`; the first holds what people agreed on."""

NOISE = "_background_noise_"
TRANSCRIPTS = ".trans.txt"
_HIDDEN = (".", "__MACOSX")


def divided(data: object) -> dict[str, str]:
    """Return what `read` takes for the parts train, valid and test of a folder; nothing where it has none."""
    if not isinstance(data, str | Path) or not Path(data).is_dir() or is_table(data):
        return {}
    folder = Path(data)
    if lists := {part: name for part, name in LISTS.items() if (folder / name).is_file()}:
        return {part: f"{folder}:{part}" for part in ("train", *lists)}
    if tables := _tables(folder):
        return {part: f"{folder}:{part}" for part in tables} if "train" in tables else {}
    names = [path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(_HIDDEN)]
    found = {part: _called(names, part) for part in PARTS}
    several = any(len(there) > 1 for there in found.values())
    if not found["train"] or sum(map(len, found.values())) < len(names):
        return {}
    if several and next(folder.glob(f"*/*/*/*{TRANSCRIPTS}"), None) is None:
        return {}
    return {
        part: f"{folder}:{part}" if len(there) > 1 else str(folder / there[0]) for part, there in found.items() if there
    }


def part_of(data: str) -> tuple[Path, str | None] | None:
    """Return the folder, and the part of it, that `FOLDER` or `FOLDER:PART` names; None where it names none."""
    head, _, part = data.rpartition(":")
    if Path(data).is_dir():
        return Path(data), None
    return (Path(head), part) if part in PARTS and head and Path(head).is_dir() else None


def list_folder(folder: Path, part: str | None, columns: tuple[str | None, str | None]) -> Listing:
    """Return the clips of a folder, or of one part of it; raises DataError where there are none.

    With one `metadata.csv` (`.jsonl`, …) in it, it is Hugging Face's; with a folder `clips` and tables such as
    `train.tsv` beside it, Common Voice's (as a whole, `validated.tsv`); with `.trans.txt` files, LibriSpeech's;
    else the first folder below it says what is spoken, and sounds in the folder itself have no transcripts.
    """
    described = sorted(path for path in folder.glob("metadata.*") if is_table(path))
    if len(described) == 1:
        return list_table(read_table(described[0]), *columns)
    if tables := _tables(folder):
        return _common_voice(folder, tables, part, columns)
    names = [path.name for path in folder.iterdir() if path.is_dir()]
    homes = [folder / name for name in _called(names, part)] if part else [folder]
    if transcripts := sorted(path for home in homes for path in home.rglob(f"*{TRANSCRIPTS}")):
        return _librispeech(folder, transcripts)
    return _words(folder, part)


def _tables(folder: Path) -> dict[str, Path]:
    """Return the tables of the parts that are there, where the folder is Common Voice's."""
    there = {part: folder / name for part, name in TABLES.items() if (folder / name).is_file()}
    return there if (folder / CLIPS).is_dir() else {}


def _common_voice(
    folder: Path, tables: dict[str, Path], part: str | None, columns: tuple[str | None, str | None]
) -> Listing:
    """Read a part, or what is validated; where that table is not there, all parts must be asked for one by one."""
    path = tables.get(part) if part else folder / VALIDATED
    if path is None or not path.is_file():
        there = ", ".join(f"{folder}:{name}" for name in tables)
        what = f"no {TABLES[part]}" if part else f"no {VALIDATED} to read as a whole"
        raise NoSuchPart(f"{folder}: {what}; there is: {there}")
    return list_table(replace(read_table(path), folder=folder / CLIPS), *columns)


def noises(folder: str | Path) -> list[Clip]:
    """Return the recordings of noise below a folder, sorted; `Clip.part` gives a piece of one.

    Only headers are read. Raises DataError where there are none, or one cannot be read, naming it.
    """
    files = _sounds(Path(folder))
    clips, errors = open_clips([Clip(path.name, 0, file=path) for path in files])
    for why in errors.values():
        raise BadRow(f"{folder}: {why}")
    return clips


def sounds_in(folder: Path) -> list[Path]:
    """Return the sound files below a folder, sorted, hidden ones and Speech Commands' noise left out."""
    return [path for path in _sounds(folder) if NOISE not in path.relative_to(folder).parts]


def _sounds(folder: Path) -> list[Path]:
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SOUND_FILES
        and not any(part.startswith(_HIDDEN) for part in path.relative_to(folder).parts)
    ]
    if not found:
        kinds = ", ".join(SOUND_FILES)
        raise WrongFolder(f"{folder}: no sound files ({kinds}) in it; give a folder of sound files for each word")
    return found


def _called(names: list[str], part: str) -> list[str]:
    """Return the folders of a part: `train`, `train-clean-100`."""
    return sorted(name for name in names if name.lower().split("-")[0] in PARTS[part])


def _words(folder: Path, part: str | None) -> Listing:
    files = sounds_in(folder)
    parts = [path.relative_to(folder) for path in files]
    if part:
        keep = _belongs(folder, part)
        kept = [place for place, path in enumerate(parts) if keep(path.as_posix())]
        files, parts = [files[place] for place in kept], [parts[place] for place in kept]
        if not files:
            raise NoSuchPart(f"{folder}: no recordings of the part '{part}'; check {LISTS.get(part, 'the lists')}")
    flat = all(len(path.parts) == 1 for path in parts)
    return Listing(
        clips=[Clip(path.name, 0, file=path, speaker=_speaker(path.stem)) for path in files],
        texts=None if flat else texts_of([clean(path.parts[0]) for path in parts]),
        name=f"{_title(folder)}/{part}" if part else _title(folder),
        place=lambda row: str(parts[row]),
    )


def _belongs(folder: Path, part: str) -> Callable[[str], bool]:
    """Return what says whether a recording belongs to a part, by the lists of the folder."""
    lists = {
        name: {line.strip() for line in read_text(folder / file)[0].splitlines()}
        for name, file in LISTS.items()
        if (folder / file).is_file()
    }
    others = set().union(*lists.values())
    if part == "train":
        return lambda path: path not in others
    return lists.get(part, set()).__contains__


def _title(folder: Path) -> str:
    return folder.name or folder.resolve().name


def _speaker(stem: str) -> str | None:
    """Return who speaks, where a file is called as Speech Commands' are."""
    speaker, nohash, _ = stem.partition("_nohash_")
    return speaker if nohash else None


def _librispeech(folder: Path, transcripts: list[Path]) -> Listing:
    """Read `SPEAKER/CHAPTER/SPEAKER-CHAPTER.trans.txt`, which names a recording beside it and what is said, by line."""
    clips: list[Clip] = []
    texts: list[str] = []
    places: list[str] = []
    errors: dict[int, str] = {}
    described: set[Path] = set()
    for path in transcripts:
        there = {one.stem: one for one in sorted(path.parent.iterdir()) if one.suffix.lower() in SOUND_FILES}
        for line, name, text in utterances(path):
            file = there.get(name)
            if file is None:
                errors[len(clips)] = f"there is no recording '{name}' beside it ({', '.join(SOUND_FILES)}); add it"
            elif file in described:
                errors[len(clips)] = f"'{name}' is there twice; remove one of its lines"
            described |= {file} if file else set()
            clips.append(Clip(file.name if file else name, 0, file=file or b"", speaker=name.split("-")[0]))
            texts.append(clean(text))
            places.append(f"{path.name}:{line}")
    if not clips:
        raise NoRows(f"{folder}: its {TRANSCRIPTS} files are empty; write 'ID what is said' on each line")
    homes = {path.parent for path in transcripts}
    rest = [path for home in sorted(homes) for path in home.iterdir() if path.suffix.lower() in SOUND_FILES]
    lost = len([path for path in rest if path not in described])
    note = f"{_title(folder)}: left out {lost:,} recordings without a transcript"
    return Listing(
        clips=clips,
        texts=texts_of(texts),
        name=_title(folder),
        place=lambda row: places[row],
        errors=errors,
        notes=(note,) if lost else (),
    )


def utterances(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield (line, ID, text) of a file of transcripts; blank lines are passed over, a text may be empty."""
    for number, line in enumerate(read_text(path)[0].split("\n"), 1):
        name, _, text = line.strip().partition(" ")
        if name:
            yield number, name, text.strip()
