"""Many pictures to one table of pixels: decoded once, in threads; where they are many, kept on the disk."""

from __future__ import annotations

import hashlib
import json
import math
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import PIL
from PIL import Image

from ...core.cache import room_for, user_cache
from ...core.files import take_room
from .pictures import Picture, Pixels, Refused, check_file, decode, explain
from .table import ImageTable

# Shapes: N images, S side, C channels.

IN_MEMORY = 1 << 26
"""The bytes of pixels from which on they are kept on the disk: decoding fewer takes a second or two."""

_VERSION = 2
"""Part of every key: to be raised when pictures are decoded otherwise."""

_CHUNK = 64
_PIXELS, _SIZES, _FACTS = "pixels.npy", "sizes.npy", "facts.json"
_Answer = TypeVar("_Answer")


def decode_all(pictures: Sequence[Picture], side: int, in_memory: int = IN_MEMORY) -> tuple[ImageTable, dict[int, str]]:
    """Return the table (N, S, S, C), with C = 1 where all pictures are grey, else 3; and why rows could not be read.

    Rows that could not be read are black. More than `in_memory` bytes are kept in the user's cache, under a key of
    what the pictures hold, and mapped into memory: the next call with the same pictures decodes none.
    """
    if len(pictures) * side * side * 3 <= in_memory:
        pixels = np.zeros((len(pictures), side, side, 3), np.uint8)
        sizes = np.zeros((len(pictures), 2), np.int32)
        return _answer(pixels, sizes, _decode_into(pixels, sizes, pictures))
    return user_cache().opened(_key(pictures, side), lambda folder: _fill(folder, pictures, side), _read)


def _read(folder: Path) -> tuple[ImageTable, dict[int, str]]:
    pixels, sizes = (np.load(folder / name, mmap_mode="r") for name in (_PIXELS, _SIZES))
    return _answer(pixels, sizes, json.loads((folder / _FACTS).read_text(encoding="utf-8")))


def _answer(pixels: Pixels, sizes: npt.NDArray[np.int32], facts: dict[str, Any]) -> tuple[ImageTable, dict[int, str]]:
    table = ImageTable.of(pixels, sizes)
    return (table if facts["coloured"] else table.grey()), {int(row): why for row, why in facts["errors"].items()}


def resize_all(images: ImageTable, side: int) -> ImageTable:
    """Return the images (N, H, W, C) at (N, S, S, C), as `decode` does."""
    if images.shape[1:3] == (side, side):
        return images
    blocks = []
    for block in images.blocks():
        plain = [image.squeeze(-1) if image.shape[-1] == 1 else image for image in block]
        blocks.append(decode_all(plain, side, sys.maxsize)[0][:])
    return ImageTable.of(np.concatenate(blocks), images.sizes)


def digests(pictures: Sequence[Picture]) -> list[bytes]:
    """Return a hash of what each picture holds: a file's bytes, not its name; of a file that is not there, nothing."""
    return _in_threads(_digest, pictures)


def _key(pictures: Sequence[Picture], side: int) -> str:
    how = f"{_VERSION} {side} {PIL.__version__} {Image.MAX_IMAGE_PIXELS}"
    whole = hashlib.blake2b(how.encode(), digest_size=16)
    for digest in digests(pictures):
        whole.update(digest)
    return f"images-{whole.hexdigest()}"


def _digest(picture: Picture) -> bytes:
    found = hashlib.blake2b(digest_size=16)
    try:
        if isinstance(picture, Path):
            check_file(picture)
            found.update(picture.read_bytes())
        elif isinstance(picture, bytes):
            found.update(picture)
        elif isinstance(picture, Refused):
            found.update(picture.why.encode())
        else:
            array = np.asarray(picture)
            found.update(f"{getattr(picture, 'mode', '')} {array.shape} {array.dtype}".encode() + array.tobytes())
    except OSError as error:  # told when the picture is decoded
        found.update(explain(error).encode())
    return found.digest()


def _fill(folder: Path, pictures: Sequence[Picture], side: int) -> None:
    shapes: dict[str, tuple[tuple[int, ...], Any]] = {
        _PIXELS: ((len(pictures), side, side, 3), np.uint8),
        _SIZES: ((len(pictures), 2), np.int32),
    }
    pixels, sizes = (_mapped(folder / name, shape, dtype) for name, (shape, dtype) in shapes.items())
    facts = _decode_into(pixels, sizes, pictures)
    pixels.flush()
    sizes.flush()
    (folder / _FACTS).write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")


def _mapped(path: Path, shape: tuple[int, ...], dtype: Any) -> np.memmap[Any, Any]:
    """Return a new array in a file, for which there is room: else writing to it would kill the process."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    with room_for(f"{size / 1e9:.1f} GB of pixels", path.parent.parent):
        array = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
        take_room(path, path.stat().st_size)
    return array


def _decode_into(pixels: Pixels, sizes: npt.NDArray[np.int32], pictures: Sequence[Picture]) -> dict[str, Any]:
    """Fill pixels (N, S, S, 3) and sizes (N, 2); return what is coloured, and the errors by row."""
    side = pixels.shape[1]

    def work(row: int) -> tuple[bool, str]:
        try:
            found = decode(pictures[row], side)
        except Exception as error:  # Pillow's decoders raise OSError, ValueError, SyntaxError, …
            return False, explain(error)
        coloured = found.pixels.ndim == 3
        pixels[row] = found.pixels if coloured else found.pixels[:, :, None]
        sizes[row] = found.size
        return coloured, ""

    answers = _in_threads(work, range(len(pictures)))
    return {
        "coloured": any(coloured for coloured, _ in answers),
        "errors": {row: why for row, (_, why) in enumerate(answers) if why},
    }


def _in_threads(work: Callable[[Any], _Answer], items: Sequence[Any]) -> list[_Answer]:
    """Return what `work` says of each item, in order."""

    def chunk(start: int) -> Iterable[_Answer]:
        return [work(item) for item in items[start : start + _CHUNK]]

    with warnings.catch_warnings():  # around the threads: the filters are the process's
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return [answer for part in pool.map(chunk, range(0, len(items), _CHUNK)) for answer in part]
