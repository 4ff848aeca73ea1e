"""Folders of images: one for each class, or images alone; the parts train, val and test of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...core.errors import WrongFolder
from .pictures import ENDINGS, Picture, Refused

PARTS = {
    "train": ("train", "training"),
    "valid": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing"),
}
"""What the folders of a divided data set are called."""


HIDDEN = (".", "__MACOSX")
"""How names begin that no person put there."""


@dataclass(frozen=True)
class Found:
    """The images below a folder: sorted, with their names for a person, and their classes if there are any."""

    pictures: list[Picture]
    names: list[str]
    labels: npt.NDArray[Any] | None
    notes: tuple[str, ...] = ()


def parts_of(names: Sequence[str]) -> dict[str, str]:
    """Return which of these folders hold the parts of a data set; nothing where there is no training part.

    >>> parts_of(["train", "val"]), parts_of(["cats", "dogs", "test"])
    ({'train': 'train', 'valid': 'val'}, {})
    """
    known = {name.lower(): name for name in names}
    found = {part: known[name] for part, words in PARTS.items() for name in words if name in known}
    return found if "train" in found and len(found) == len(names) else {}


def walk(folder: Path) -> Found:
    """Return the images of a folder of class folders, or of images alone.

    What is hidden is passed over, what is no image is counted in the notes, and links that lead out of the folder are
    refused. Raises DataError where there are no images, or the classes seem to lie a level deeper.
    """
    groups = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(HIDDEN))
    if not groups:
        return _images(folder, folder, None)
    parts = []
    for group in groups:
        found = _images(group, folder, group.name)
        below = [Path(name).parts for name in found.names]
        deeper = sorted({names[2] for names in below if len(names) > 3})
        if len(deeper) > 1 and all(len(names) > 3 for names in below):
            raise WrongFolder(
                f"{folder.name}: '{group.name}' holds no images but folders ({', '.join(deeper[:3])}); "
                f"give {folder.name}/{group.name} if these are the classes"
            )
        parts.append(found)
    return Found(
        pictures=[picture for part in parts for picture in part.pictures],
        names=[name for part in parts for name in part.names],
        labels=np.concatenate([part.labels for part in parts if part.labels is not None]),
        notes=tuple(note for part in parts for note in part.notes),
    )


def _images(folder: Path, root: Path, label: str | None) -> Found:
    below = sorted(path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    seen = [path for path in below if not any(part.startswith(HIDDEN) for part in path.relative_to(folder).parts)]
    images = [path for path in seen if path.suffix.lower() in ENDINGS]
    name = folder.name if folder == root else f"{root.name}/{folder.name}"
    if not images:
        endings = ", ".join(sorted(ENDINGS))
        raise WrongFolder(f"{folder}: no images; put some there ({endings}) or remove the folder")
    others = [path.name for path in seen if path.suffix.lower() not in ENDINGS]
    note = f"{name}: left out {len(others):,} of {len(seen):,} files, no images ({(*others, '')[0]}, …)"
    home = root.resolve()
    return Found(
        pictures=[safe(path, home) for path in images],
        names=[(root.name / path.relative_to(root)).as_posix() for path in images],
        labels=None if label is None else np.full(len(images), label),
        notes=(note,) if others else (),
    )


def safe(path: Path, home: Path) -> Picture:
    """Return the path, or why not where it is a link out of the folder."""
    if not path.resolve().is_relative_to(home):
        return Refused("it leads out of the folder; put the image itself there")
    return path
