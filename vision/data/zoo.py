"""The data sets of torchvision: `torchvision:NAME[:SPLIT]`."""

from __future__ import annotations

import inspect
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ...core.cache import user_cache
from ...core.errors import NotFetched, UnknownName, WrongFormat, did_you_mean

PREFIX = "torchvision:"


def read_torchvision(data: str) -> tuple[str, list[Any], npt.NDArray[Any]]:
    """Return the name, the images and the classes of `torchvision:NAME[:SPLIT]`; without a split, of train.

    One that torchvision does not split is train as a whole. It is downloaded into the user's cache where it is not
    there yet. Raises ConfigError for a name that torchvision does not have, DataError where it cannot be had or is no
    set of images with a class each.
    """
    from torchvision import datasets

    name, _, split = data.removeprefix(PREFIX).partition(":")
    split = split or "train"
    known = {found.lower(): found for found in datasets.__all__}
    if name.lower() not in known:
        raise UnknownName(f"{data}: torchvision has no data set '{name}'{did_you_mean(name, list(known.values()))}")
    kind = getattr(datasets, known[name.lower()])
    try:
        rows = _build(kind, split)
        items = [rows[row] for row in range(len(rows))]
    except (RuntimeError, ValueError, OSError, TypeError, ImportError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise NotFetched(f"{data}: cannot be had ({reason}); check the split and the network") from None
    if not all(len(item) == 2 and isinstance(item[0], Image.Image) and isinstance(item[1], int) for item in items):
        raise WrongFormat(f"{data}: not a set of images with a class each; give another, such as torchvision:MNIST")
    names = getattr(rows, "classes", None)
    labels = [item[1] for item in items]
    classes = [str(names[label]) for label in labels] if names and len(names) > max(labels, default=0) else labels
    return f"{kind.__name__}/{split}", [item[0] for item in items], np.array(classes)


def _build(kind: Any, split: str) -> Any:
    """Make the data set with the arguments that its kind takes, downloaded where it is not there as a whole."""
    takes = inspect.signature(kind.__init__).parameters
    given: dict[str, Any] = {}
    if "split" in takes:
        given["split"] = split
    elif "train" in takes:
        if split not in ("train", "test"):
            raise ValueError(f"it has the splits train and test, not {split}")
        given["train"] = split == "train"
    elif split != "train":
        raise ValueError(f"it has no splits, so no {split}")
    if "root" not in takes:
        return kind(**given)
    cache = user_cache()
    root = cache.kept("torchvision")
    root.mkdir(parents=True, exist_ok=True)
    if not {"download", "kwargs"} & takes.keys():  # EMNIST and QMNIST hand it on
        return kind(root=str(root), **given)
    try:
        return kind(root=str(root), download=False, **given)  # some would download it straight to there
    except (RuntimeError, OSError):  # not there
        with closing(cache.scratch()) as scratch:
            kind(root=str(scratch.folder), download=True, **given)
            _move(scratch.folder, root)
        return kind(root=str(root), download=False, **given)


def _move(folder: Path, root: Path) -> None:
    """Move what is in a folder to another; folders that are not there yet as a whole."""
    for path in folder.iterdir():
        if path.is_dir() and (root / path.name).is_dir():
            _move(path, root / path.name)
        else:
            path.replace(root / path.name)
