"""The folder of a run: who may write to it, and whether a run may go on in it."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .batch import Examples
from .config import flatten, to_dict
from .errors import CannotResume, Damaged, OutputTaken
from .files import UNFINISHED, damage, file_hash, remove, write_folder, write_text, written
from .tables import Scan, is_frame
from .training.checkpoint import CHECKPOINTS

FEATURES = "features"
"""The folder of what was learned from the data, in that of a run."""

STAGES = "stages"
"""The folder of what was trained before the model, a folder for each; damage to the features does not cost it."""

_RUN, _MODEL = "run.json", "config.json"
_PASSING = (FEATURES, STAGES, CHECKPOINTS)
"""What a run needs until it is finished."""


@dataclass(frozen=True)
class Run:
    """A run folder; `fresh` where nothing is resumed, `finished` where a complete model lies in it."""

    path: Path
    identity: dict[str, Any]
    fresh: bool = True
    finished: bool = False
    message: str | None = None

    def begin(self) -> None:
        """Take the folder for this run: what a forced run replaces is removed only now.

        Cut off in the middle of that, the folder is still one of a run, without a model. Raises TrainingError where
        the disk refuses it.
        """
        if not self.fresh:
            return
        with written(self.path):
            self.path.resolve().mkdir(parents=True, exist_ok=True)
            remove(self.path / _MODEL)
            for path in [one for one in self.path.iterdir() if one.name != _RUN]:
                remove(path)
            write_text(self.path / _RUN, json.dumps(self.identity, indent=2))

    def keep(self, name: str, write: Callable[[Path], object]) -> None:
        """Have `write` fill a folder of the run that a resumed one reads; TrainingError where the disk refuses it."""
        with written(self.path / name):
            write_folder(self.path / name, write)

    def kept(self, name: str) -> Path | None:
        """Return that folder where it is there and as it was written."""
        path = self.path / name
        return None if self.fresh or not path.is_dir() or damage(path) else path

    def tidy(self) -> None:
        """Remove what only a run that is not finished needs, also what one that was killed left of it."""
        for path in (*(self.path / name for name in _PASSING), *self.path.glob(f"{UNFINISHED}*")):
            with contextlib.suppress(OSError):  # a model that cannot be written to is no worse for it
                remove(path)


def open_run(path: Path, identity: dict[str, Any], *, resume: bool = False, force: bool = False) -> Run:
    """Say how a run with this identity (flat settings and data hashes) may use `path`; nothing is written yet.

    Raises ArtifactError where the folder holds something and neither `resume` nor `force` is given, ConfigError where a
    resumed run would differ from the one that began.
    """
    if not path.exists() or (path.is_dir() and all(one.name.startswith(UNFINISHED) for one in path.iterdir())):
        return Run(path, identity, message=f"{path}: nothing to resume; training starts afresh" if resume else None)
    if not path.is_dir():
        raise OutputTaken(f"{path}: a file, not a folder; choose another --out")
    if not (path / _RUN).is_file():
        raise OutputTaken(f"{path}: the folder is not empty and holds no run; choose another --out")
    if resume:
        return _go_on(path, identity)
    if not force:
        raise OutputTaken(
            f"{path}: the folder holds a run; choose another --out, go on with --resume, or replace it with --force"
        )
    return Run(path, identity)


def run_identity(config: Any, train: Examples, held_out: Examples | None) -> dict[str, Any]:
    """Return what a resumed run must share with the one that began: every setting, and the content of the data."""
    valid = None if held_out is None else content_hash(held_out)
    return flatten(to_dict(config)) | {"data": content_hash(train), "valid": valid}


def _go_on(path: Path, identity: dict[str, Any]) -> Run:
    try:
        before = json.loads((path / _RUN).read_text(encoding="utf-8"))
    except ValueError:
        raise Damaged(f"{path}/run.json: damaged; choose another --out, or replace the run with --force") from None
    check_unchanged(path, before, identity)
    if (path / _MODEL).is_file():
        return Run(path, identity, fresh=False, finished=True, message=f"{path}: the run is finished; nothing to do")
    if not any((path / CHECKPOINTS).glob("step-*")):
        return Run(path, identity, fresh=False, message=f"{path}: no checkpoint to resume from; training starts afresh")
    return Run(path, identity, fresh=False)


def check_unchanged(path: Path, before: dict[str, Any], identity: dict[str, Any]) -> None:
    """Raise ConfigError, naming each difference, where what is to go on in `path` is not what began there."""
    now = json.loads(json.dumps(identity))
    changed = [
        f"{name} was {before.get(name)} and is {now.get(name)}"
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    ]
    if changed:
        raise CannotResume(f"{path}: cannot resume: {'; '.join(changed)}; use the same, or choose another --out")


def content_hash(examples: Examples) -> str:
    """Return a hash of the content of all rows and labels, sounds and images included."""
    digest = hashlib.sha256()
    inputs = examples.inputs
    if isinstance(inputs, np.ndarray):
        digest.update(f"{inputs.dtype} {inputs.shape} ".encode())
        digest.update(inputs.tobytes())
    elif isinstance(inputs, Scan):
        for source in inputs.sources:
            digest.update(file_hash(source).encode())
        if inputs.chosen is not None:
            digest.update(np.packbits(inputs.chosen).tobytes())
    elif hasattr(inputs, "blocks"):  # a table of images, read piece by piece
        digest.update(f"{inputs.shape} ".encode())
        for block in inputs.blocks():
            digest.update(block.tobytes())
    elif is_frame(inputs):
        import pandas as pd

        digest.update(repr(list(inputs.columns)).encode())
        plain = inputs.copy(deep=False)
        for name in (name for name, column in inputs.items() if _holds_lists(column)):
            plain[name] = inputs[name].map(repr)
        digest.update(pd.util.hash_pandas_object(plain, index=False).to_numpy().tobytes())
    else:
        for value in inputs:
            path = getattr(value, "path", None)
            digest.update(f"{file_hash(path) if path else value!r}\0".encode())
    labels = examples.labels
    if labels is not None and labels.dtype.kind == "O":
        digest.update("\0".join(map(str, labels)).encode())
    elif labels is not None:
        digest.update(f"{labels.dtype} ".encode() + labels.tobytes())
    return digest.hexdigest()


def _holds_lists(column: Any) -> bool:
    """Say whether cells of a column are lists, which have no hash."""
    from pandas.api.types import is_list_like

    return bool(column.dtype == object and column.map(is_list_like).any()) or "list<" in str(column.dtype)
