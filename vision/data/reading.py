"""Images and labels as they come: folders, tables, lists and arrays become examples."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image
from torch import Tensor

from ...core.batch import Examples
from ...core.errors import DataError
from ...core.labels import as_labels
from ...core.tables import READERS, Table, read_table
from .pictures import ENDINGS, Picture, Pixels, decode_all, natural_side

# Shapes: N images, H height, W width, S side, C channels.

Labels: TypeAlias = npt.NDArray[Any] | None
WHITES = (1.0, 16.0, 255.0, 65535.0)


def read(
    data: Any, labels: Any = None, *, input: str | None = "path", label: str | None = "label", size: int = 0
) -> Examples:
    """Read images and, where there are some, labels.

    `data` is a folder with a folder of images for each class; a folder of images; a CSV, TSV, JSONL or
    Parquet file or a DataFrame with a column `input` of paths (relative to the file's folder) and perhaps a
    column `label`; an image file; a list of paths, bytes, Pillow images or arrays; or one array (N, H, W) or
    (N, H, W, 1 or 3): uint8, or numbers from 0 to 1, 16 (scikit-learn's digits), 255 or 65535, whichever
    bounds those of the training set.

    Files are decoded here, once, to uint8 (N, S, S, C) at `size` pixels (0: chosen from the images); rows
    that cannot be read are kept in `errors`. Raises DataError where there is nothing to read.

    >>> examples = read(np.zeros((2, 8, 8)), ["cat", "dog"])
    >>> examples.inputs.shape, examples.labels.tolist()
    ((2, 8, 8, 1), ['cat', 'dog'])
    """
    known = None if labels is None else as_labels(labels)
    if isinstance(data, str | Path):
        return _read_path(Path(data), known, input or "path", label or "label", size)
    if isinstance(data, pd.DataFrame):
        return _read_rows(read_table(data), known, input or "path", label or "label", size)
    if isinstance(data, np.ndarray | Tensor) and np.asarray(data).dtype != object:
        array = _checked(np.asarray(data), "array")
        return Examples(inputs=array, labels=_matching(known, len(array), "array"), name="array")
    return _read_list(list(data), known, size)


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
    raise DataError(f"{name}: pixels up to {array.max():g}; give them from 0 to 255 or from 0 to 1")


def to_uint8(array: npt.NDArray[Any], white: float) -> Pixels:
    """Scale [0, white] to uint8; an array of uint8 stays as it is."""
    if array.dtype == np.uint8:
        return array
    return (array.astype(np.float32) * np.float32(255 / white)).round().clip(0, 255).astype(np.uint8)


def _read_path(path: Path, labels: Labels, input: str, label: str, size: int) -> Examples:
    if path.is_dir():
        files, found = _walk(path)
        return _decoded(files, found if labels is None else labels, size, path.name, _below(path, files))
    if path.suffix.lower() in ENDINGS:
        return _read_list([path], labels, size)
    if not path.exists():
        raise DataError(f"{path}: no such file or folder; check the path")
    if not any(path.name.lower().removesuffix(".gz").endswith(ending) for ending in READERS):
        raise DataError(f"{path.name}: neither a folder, nor an image, nor a table; give one of them")
    return _read_rows(read_table(path), labels, input, label, size)


def _read_rows(table: Table, labels: Labels, input: str, label: str, size: int) -> Examples:
    """Read the images that a table names; a row's place is its line and its file."""
    if labels is None:
        labels = table.label_column(label)
    cells = table.column(input).tolist()
    if not all(isinstance(cell, str | Path) for cell in cells):
        return _read_list(cells, labels, size)
    names = table.text_column(input)

    def place(row: int) -> str:
        return f"{table.place(row)}: {names[row]}"

    found = _decoded([table.folder / name for name in names], labels, size, table.name, place)
    return replace(found, notes=table.notes, encoding=table.encoding)


def _read_list(items: list[Any], labels: Labels, size: int) -> Examples:
    if not items:
        raise DataError("there are no images; give at least one")
    if all(isinstance(item, np.ndarray) for item in items) and len({item.shape for item in items}) == 1:
        return read(np.stack(items), labels)
    pictures = [_picture(item, f"row {row}") for row, item in enumerate(items)]

    def place(row: int) -> str:
        return str(pictures[row]) if isinstance(pictures[row], Path) else f"row {row}"

    return _decoded(pictures, labels, size, "images", place)


def _picture(item: object, name: str) -> Picture:
    if isinstance(item, str | os.PathLike):
        return Path(item)
    if isinstance(item, bytes | Image.Image):
        return item
    if isinstance(item, np.ndarray):
        pixels = to_uint8(_checked(item[None], name), white_level(item, name))[0]
        squeezed: Pixels = pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels
        return squeezed
    kind = type(item).__name__
    raise DataError(f"{name}: {kind}, not an image; give paths, bytes, Pillow images or arrays")


def _decoded(
    pictures: Sequence[Picture], labels: Labels, size: int, name: str, place: Callable[[int], str]
) -> Examples:
    labels = _matching(labels, len(pictures), name)
    images, errors = decode_all(pictures, size or natural_side(pictures))
    return Examples(inputs=images, labels=labels, name=name, place=place, errors=errors)


def _walk(folder: Path) -> tuple[list[Path], Labels]:
    """Return the images below `folder`, sorted, and the names of their class folders, if there are any."""
    groups = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not groups:
        return _images(folder), None
    files: list[Path] = []
    labels: list[str] = []
    for group in groups:
        found = _images(group)
        deeper = sorted({path.relative_to(group).parts[0] for path in found if path.parent != group})
        if len(deeper) > 1 and not any(path.parent == group for path in found):
            raise DataError(
                f"{folder.name}: '{group.name}' holds no images but folders ({', '.join(deeper[:3])}); "
                f"give {folder.name}/{group.name} if these are the classes"
            )
        files += found
        labels += [group.name] * len(found)
    return files, np.array(labels)


def _images(folder: Path) -> list[Path]:
    """Return the images below `folder`, sorted; what is hidden is passed over, what is no image is told."""
    below = sorted(path for path in folder.rglob("*") if path.is_file())
    seen = [path for path in below if not any(part[0] == "." for part in path.relative_to(folder).parts)]
    images = [path for path in seen if path.suffix.lower() in ENDINGS]
    if not images:
        endings = ", ".join(sorted(ENDINGS))
        raise DataError(f"{folder}: no images; put some there ({endings}) or remove the folder")
    if others := [path.name for path in seen if path.suffix.lower() not in ENDINGS]:
        message = f"{folder}: left out {len(others)} of {len(seen)} files, no images ({others[0]}, …)"
        warnings.warn(message, stacklevel=2)
    return images


def _below(folder: Path, files: Sequence[Path]) -> Callable[[int], str]:
    return lambda row: (folder.name / files[row].relative_to(folder)).as_posix()


def _matching(labels: Labels, count: int, name: str) -> Labels:
    if labels is not None and len(labels) != count:
        raise DataError(f"{name}: {count} images but {len(labels)} labels; give one an image")
    return labels


def _checked(array: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """Return an array as (N, H, W, C); DataError where it holds no images."""
    array = array[..., None] if array.ndim == 3 else array
    if array.ndim != 4 or array.shape[-1] not in (1, 3):
        shape = " × ".join(map(str, array.shape))
        raise DataError(f"{name}: {shape} is not a shape of images; give (N, H, W) or (N, H, W, 1 or 3)")
    if not array.size:
        raise DataError(f"{name}: there are no images; give at least one")
    if array.dtype != np.uint8 and not (np.isfinite(array).all() and array.min() >= 0):
        raise DataError(f"{name}: pixels below 0 or not finite; give them from 0 to 255, not normalised")
    return array
