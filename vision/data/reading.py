"""Images and labels as they come: folders, tables, lists and arrays become examples."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from glob import glob, has_magic
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt
from PIL import Image
from torch import Tensor

from ...core.batch import Examples
from ...core.cache import user_cache
from ...core.errors import (
    BadRow,
    CountsDiffer,
    DataError,
    NoRows,
    NoSuchFile,
    NoSuchPart,
    NothingUsable,
    WrongArray,
    WrongFormat,
)
from ...core.labels import as_labels
from ...core.tables import Table, is_frame, is_table, read_table
from .archives import is_archive, top_folders, unpack
from .decoding import decode_all
from .folders import HIDDEN, parts_of, safe, walk
from .pictures import ENDINGS, Picture, Pixels, Refused, natural_side
from .zoo import PREFIX as TORCHVISION
from .zoo import read_torchvision

# Shapes: N images, H height, W width, S side, C channels.

Labels: TypeAlias = npt.NDArray[Any] | None
WHITES = (1.0, 16.0, 255.0, 65535.0)
INPUT = "path"
_COLUMNS = ("image", "images", "img", "picture", "file", "filename", "file_name", "filepath", "path")


def read(
    data: Any, labels: Any = None, *, input: str | None = None, label: str | None = "label", size: int = 0
) -> Examples:
    """Read images and, where there are some, labels.

    `data` is a folder with a folder of images for each class; a folder of images; a CSV, TSV, JSONL or
    Parquet file, a data set of Hugging Face (a folder or `hf:NAME`) or a DataFrame with a column `input` of paths
    (relative to the file's folder) or encoded images, and perhaps a column `label`; a zip or tar archive of any of
    these (`NAME.zip:PART` for one folder of it); `torchvision:NAME[:SPLIT]`; an image file; a list of paths, bytes,
    Pillow images or arrays; or one array (N, H, W) or (N, H, W, 1 or 3): uint8, or numbers from 0 to 1, 16
    (scikit-learn's digits), 255 or 65535, whichever bounds those of the training set.

    Pictures are decoded here, once, to a table of uint8 (N, S, S, C) at `size` pixels (0: chosen from the images), on
    the disk where they are many; rows that cannot be read are kept in `errors`. Raises DataError where there is
    nothing to read.

    >>> examples = read(np.zeros((2, 8, 8)), ["cat", "dog"])
    >>> examples.inputs.shape, examples.labels.tolist()
    ((2, 8, 8, 1), ['cat', 'dog'])
    """
    known = None if labels is None else as_labels(labels)
    columns = (input, "label" if label is None else label)
    if isinstance(data, str | Path):
        return _read_path(str(data), known, columns, size)
    if is_frame(data):
        return _read_rows(read_table(data), known, columns, size)
    if isinstance(data, np.ndarray | Tensor) and np.asarray(data).dtype != object:
        array = _checked(np.asarray(data), "array")
        return Examples(inputs=array, labels=_matching(known, len(array), "array"), name="array")
    return _read_list(list(data), known, size)


def divided(data: Any) -> dict[str, Any]:
    """Return the paths of the parts train, valid and test of a folder or archive; nothing where it has none."""
    if not isinstance(data, str | Path):
        return {}
    path = Path(_plain_path(str(data)))
    if path.is_dir() and not is_table(path):
        names = [one.name for one in path.iterdir() if one.is_dir() and not one.name.startswith(".")]
        return {part: path / name for part, name in parts_of(names).items()}
    if is_archive(path) and path.is_file():
        return {part: f"{path}:{name}" for part, name in parts_of(top_folders(path)).items()}
    return {}


def expanded(inputs: Sequence[str]) -> list[Any]:
    """Return the files that names, folders, patterns and `file://` URLs stand for, in order; a pattern's are sorted.

    What matches nothing stays as it is, to be told as a row that cannot be read.
    """
    found: list[Any] = []
    for written in inputs:
        name = _plain_path(written)
        if Path(name).is_dir():
            found += walk(Path(name)).pictures
        elif has_magic(name) and not Path(name).exists():
            found += sorted(glob(name, recursive=True)) or [name]  # noqa: PTH207 (a Path takes no absolute pattern)
        else:
            found.append(name)
    return found


def _plain_path(written: str) -> str:
    """Return the path that a `file://` URL stands for; what is none stays as it is."""
    return unquote(written.removeprefix("file://")) if written.startswith("file://") else written


def white_level(array: npt.NDArray[Any], name: str = "array") -> float:
    """Return what means white: 255 for uint8, else the least of 1, 16, 255 and 65535 that bounds the array.

    >>> [white_level(np.array(values)) for values in ([0.0, 0.7], [0, 15], [0, 200])]
    [1.0, 16.0, 255.0]
    """
    if array.dtype == np.uint8:
        return 255.0
    for white in WHITES:
        if array.max() <= white:
            return white
    raise WrongArray(f"{name}: pixels up to {array.max():g}; give them from 0 to 255 or from 0 to 1")


def to_uint8(array: npt.NDArray[Any], white: float) -> Pixels:
    """Scale [0, white] to uint8; an array of uint8 stays as it is."""
    if array.dtype == np.uint8:
        return array
    return (array.astype(np.float32) * np.float32(255 / white)).round().clip(0, 255).astype(np.uint8)


def _read_path(data: str, labels: Labels, columns: tuple[str | None, str], size: int) -> Examples:
    if data.startswith(TORCHVISION):
        name, pictures, found = read_torchvision(data)
        return _decoded(pictures, found if labels is None else labels, size, name, lambda row: f"{name}[{row}]")
    path = Path(_plain_path(data))
    archive, part = _archive_and_part(path)
    if archive is not None:
        return _read_archive(archive, part, labels, columns, size)
    if is_table(data) and (path.exists() or ":" in data):  # with a colon it names a data set, or a split of one
        return _read_rows(read_table(data), labels, columns, size)
    if path.is_dir():
        described = sorted(one for one in path.glob("metadata.*") if is_table(one))
        if len(described) == 1:  # as Hugging Face's folders of images have it
            return _read_rows(read_table(described[0]), labels, columns, size, home=path)
        return _read_folder(path, labels, size)
    if path.suffix.lower() in ENDINGS:
        return _read_list([path], labels, size)
    if not path.exists():
        raise NoSuchFile(f"{path}: no such file or folder; check the path")
    raise WrongFormat(f"{path.name}: neither a folder, nor an image, nor a table, nor an archive; give one of them")


def _read_folder(folder: Path, labels: Labels, size: int, refused: Mapping[str, str] | None = None) -> Examples:
    """Read a folder; `refused` names files that were not let into it."""
    found = walk(folder)
    pictures, names = [*found.pictures], [*found.names]
    known = found.labels if labels is None else labels
    for name, why in (refused or {}).items():
        pictures.append(Refused(why))
        names.append(name)
    if refused and known is not None:
        known = np.append(known, np.full(len(refused), known[0]))  # which such a row has matters to no one
    return replace(_decoded(pictures, known, size, folder.name, lambda row: names[row]), notes=found.notes)


def _archive_and_part(path: Path) -> tuple[Path | None, str | None]:
    """Return the archive that `NAME.zip` or `NAME.zip:PART` names, and the part."""
    if is_archive(path) and path.is_file():
        return path, None
    name, _, part = str(path).rpartition(":")
    return (Path(name), part) if name and is_archive(Path(name)) and Path(name).is_file() else (None, None)


def _read_archive(
    archive: Path, part: str | None, labels: Labels, columns: tuple[str | None, str], size: int
) -> Examples:
    """Unpack, read what is there, and forget the unpacked files: the pixels are decoded by then."""
    with closing(user_cache().scratch()) as scratch:
        temporary = str(scratch.folder)
        folder = scratch.folder / archive.name.partition(".")[0]
        folder.mkdir()
        refused = unpack(archive, folder)
        while len(inside := [path for path in folder.iterdir() if not path.name.startswith(HIDDEN)]) == 1:
            if not inside[0].is_dir():
                break
            folder = inside[0]
        folder = folder / part if part else folder
        if not folder.is_dir():
            raise NoSuchPart(f"{archive.name}: no folder '{part}' in it; check the name")
        tables = sorted(path for path in folder.iterdir() if is_table(path))
        if len(tables) == 1:
            return _read_rows(read_table(tables[0]), labels, columns, size, home=folder)
        if refused and not any(path.is_file() for path in folder.rglob("*")):
            name, why = next(iter(refused.items()))
            raise NothingUsable(f"{archive.name}: nothing in it can be read; {name}: {why}")
        try:
            return replace(_read_folder(folder, labels, size, refused), name=archive.name)
        except DataError as error:  # where it was unpacked is nobody's concern
            raise type(error)(str(error).replace(temporary, str(archive.parent))) from None


def _read_rows(
    table: Table, labels: Labels, columns: tuple[str | None, str], size: int, home: Path | None = None
) -> Examples:
    """Read the images that a table names, in `home` alone if it is given, or holds; a row's place is line and file."""
    input = columns[0] or _image_column(table)
    if labels is None:
        labels = table.label_column(columns[1])
    cells = [_of_cell(cell) for cell in table.column(input).tolist()]
    if any(isinstance(cell, str | Path) for cell in cells):
        names = table.text_column(input)
        pictures: list[Any] = [table.folder / name for name in names]
        if home is not None:
            pictures = [safe(path, home.resolve()) for path in pictures]
        found = _decoded(pictures, labels, size, table.name, lambda row: f"{table.place(row)}: {names[row]}")
    else:
        found = replace(_read_list(cells, labels, size), name=table.name, place=table.place)
    return replace(found, notes=table.notes, encoding=table.encoding, columns={"input": input, "label": columns[1]})


def _image_column(table: Table) -> str:
    """Return the column that holds images: `path`, or the one of a few other names that is there alone."""
    there = [str(name) for name in table.frame.columns]
    known = [name for name in there if name.lower() in _COLUMNS]
    return known[0] if INPUT not in there and len(known) == 1 else INPUT


def _of_cell(cell: Any) -> Any:
    """Return the bytes, or the path, of a cell as Hugging Face's data sets have images."""
    if isinstance(cell, dict) and {"bytes", "path"} & cell.keys():
        return cell.get("bytes") or cell.get("path")
    return cell


def _read_list(items: list[Any], labels: Labels, size: int) -> Examples:
    if not items:
        raise NoRows("there are no images; give at least one")
    if all(isinstance(item, np.ndarray) for item in items) and len({item.shape for item in items}) == 1:
        return read(np.stack(items), labels)
    pictures = [_picture(item, f"row {row}") for row, item in enumerate(items)]

    def place(row: int) -> str:
        return str(pictures[row]) if isinstance(pictures[row], Path) else f"row {row}"

    return _decoded(pictures, labels, size, "images", place)


def _picture(item: object, name: str) -> Picture:
    if isinstance(item, str | os.PathLike):
        return Path(item)
    if isinstance(item, bytes | Image.Image | Refused):
        return item
    if isinstance(item, np.ndarray):
        pixels = to_uint8(_checked(item[None], name), white_level(item, name))[0]
        squeezed: Pixels = pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels
        return squeezed
    kind = type(item).__name__
    raise BadRow(f"{name}: {kind}, not an image; give paths, bytes, Pillow images or arrays")


def _decoded(
    pictures: Sequence[Picture], labels: Labels, size: int, name: str, place: Callable[[int], str]
) -> Examples:
    labels = _matching(labels, len(pictures), name)
    images, errors = decode_all(pictures, size or natural_side(pictures))
    return Examples(inputs=images, labels=labels, name=name, place=place, errors=errors)


def _matching(labels: Labels, count: int, name: str) -> Labels:
    if labels is not None and len(labels) != count:
        raise CountsDiffer(f"{name}: {count} images but {len(labels)} labels; give one an image")
    return labels


def _checked(array: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """Return an array as (N, H, W, C); DataError where it holds no images."""
    array = array[..., None] if array.ndim == 3 else array
    if array.ndim != 4 or array.shape[-1] not in (1, 3):
        shape = " × ".join(map(str, array.shape))
        raise WrongArray(f"{name}: {shape} is not a shape of images; give (N, H, W) or (N, H, W, 1 or 3)")
    if not array.size:
        raise NoRows(f"{name}: there are no images; give at least one")
    if array.dtype != np.uint8 and not (np.isfinite(array).all() and array.min() >= 0):
        raise WrongArray(f"{name}: pixels below 0 or not finite; give them from 0 to 255, not normalised")
    return array
