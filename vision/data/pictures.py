"""Pictures of any kind to square arrays of one size, by Pillow."""

from __future__ import annotations

import io
import stat
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

# Shapes: N images, S side, C channels.

Pixels: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Refused:
    """A picture that must not be opened, and why."""

    why: str


class _RefusedError(OSError):
    """Says why a picture is not opened."""


Picture: TypeAlias = Path | bytes | Image.Image | npt.NDArray[Any] | Refused
"""A file, an encoded file's bytes, a Pillow image, an array (H, W) or (H, W, 1 or 3) of uint8, or none of these."""

LARGEST_FILE = 1 << 28
"""The bytes that one file may have: 256 MB."""

ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
LARGEST_SIDE, SMALLEST_SIDE = 64, 16
_SIXTEEN_BITS = ("I", "I;16", "I;16L", "I;16B", "I;16N")
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""What Pillow may open, whatever a file is called: others, such as EPS, start programs."""

_HEADERS = 256
_LARGE = 1 << 24
_one_large = threading.Lock()


@dataclass(frozen=True)
class Decoded:
    """A picture's pixels, and the width and height that it had."""

    pixels: Pixels
    size: tuple[int, int]


def decode(picture: Picture, side: int) -> Decoded:
    """Return one picture as (S, S) where it is grey, else as (S, S, 3).

    It is turned as its EXIF orientation says; its shorter side is resized to `side` (bicubic) and the longer
    one cropped around the centre. Transparency shows white; 16-bit grey keeps its upper 8 bits; of an
    animation the first frame counts. Raises what Pillow raises where the picture cannot be read.
    """
    with _open(picture) as image, _alone(image):
        size = image.size
        image.draft(None, (side, side))  # JPEG: decode at 1/2, 1/4 or 1/8 where that is enough
        plain = _plain(ImageOps.exif_transpose(image))
        if plain.size != (side, side):
            plain = ImageOps.fit(plain, (side, side), Image.Resampling.BICUBIC)
        return Decoded(np.asarray(plain), size)


def natural_side(pictures: Sequence[Picture]) -> int:
    """Return a side for these pictures: their median shorter side, a multiple of 8 from 16 to 64.

    Only the headers of at most 256 pictures are read.
    """
    some = pictures[:: -(-len(pictures) // _HEADERS)]
    sides = [side for picture in some if (side := _shorter_side(picture))]
    return round_side(float(np.median(sides))) if sides else LARGEST_SIDE


def round_side(side: float) -> int:
    """Return the multiple of 8 that holds `side`, within 16 and 64.

    >>> [round_side(side) for side in (8, 28, 32, 500)]
    [16, 32, 32, 64]
    """
    return min(LARGEST_SIDE, max(SMALLEST_SIDE, -(-int(side) // 8) * 8))


def _shorter_side(picture: Picture) -> int:
    if isinstance(picture, np.ndarray):
        return int(min(picture.shape[:2]))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if isinstance(picture, Image.Image):
                return min(picture.size)
            with _open(picture) as image:
                return min(image.size)
    except Exception:  # told when the picture is decoded
        return 0


@contextmanager
def _alone(image: Image.Image) -> Iterator[None]:
    """Have at most one large image decoded at a time, whatever the number of threads: each may take a gigabyte."""
    if image.width * image.height < _LARGE:
        yield
    else:
        with _one_large:
            yield


def check_file(path: Path) -> None:
    """Raise what `explain` tells where a path is no plain file, or a very large one; OSError where there is none."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
        raise _RefusedError("not a plain file; give the path of an image")
    if found.st_size > LARGEST_FILE:
        raise _RefusedError(f"{found.st_size:,} bytes, more than {LARGEST_FILE:,}; scale the image down")


def _open(picture: Picture) -> Image.Image:
    if isinstance(picture, Refused):
        raise _RefusedError(picture.why)
    if isinstance(picture, Image.Image):
        return picture.copy()
    if isinstance(picture, np.ndarray):
        return Image.fromarray(picture)
    if isinstance(picture, Path):
        check_file(picture)
    return Image.open(io.BytesIO(picture) if isinstance(picture, bytes) else picture, formats=_FORMATS)


def _plain(image: Image.Image) -> Image.Image:
    """Return the image in mode L or RGB."""
    if image.mode in _SIXTEEN_BITS:
        values = np.asarray(image)
        wide = image.mode != "I" or values.max() > 255
        return Image.fromarray((values.clip(0, 65535) >> 8 if wide else values.clip(0, 255)).astype(np.uint8))
    if image.mode == "F":
        grey = np.nan_to_num(np.asarray(image))
        return Image.fromarray((grey * (255 if grey.max() <= 1 else 1)).clip(0, 255).round().astype(np.uint8))
    if image.has_transparency_data:
        over = image.convert("RGBA")
        white = Image.new("RGBA", over.size, (255, 255, 255, 255))
        flat = Image.alpha_composite(white, over).convert("RGB")
        return flat.convert("L") if image.mode in ("L", "LA", "La") else flat
    if image.mode in ("L", "1"):
        return image.convert("L")
    return image.convert("RGB")


def explain(error: Exception) -> str:
    """Say in one line why a picture could not be read, and the fix."""
    if isinstance(error, _RefusedError):
        return str(error)
    if isinstance(error, FileNotFoundError):
        return "no such file; correct the path"
    if isinstance(error, IsADirectoryError):
        return "a folder, not an image; give the path of an image"
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        limit = f"{Image.MAX_IMAGE_PIXELS:,}"
        return f"more than {limit} pixels; scale the image down, or raise PIL.Image.MAX_IMAGE_PIXELS"
    unknown = isinstance(error, UnidentifiedImageError)
    what = f"none of {', '.join(_FORMATS)}" if unknown else str(error).lower()
    return f"not a readable image ({what}); save it again as JPEG or PNG, or remove it"
