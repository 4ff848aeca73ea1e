"""The folder of a study: who may use it, and what lies in it beside the database."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import Damaged, InUse, OutputTaken
from ..files import write_text
from ..run import check_unchanged
from ..training import Output

_IDENTITY = "study.json"


@dataclass(frozen=True)
class Folder:
    """A study's folder, held by this process alone until it is closed; `fresh` where a study begins in it."""

    path: Path
    fresh: bool
    lock: IO[str]

    @property
    def database(self) -> Path:
        """The trials, as Optuna keeps them in SQLite."""
        return self.path / "study.db"

    def close(self) -> None:
        """Let another process have it."""
        self.lock.close()

    def keep(self, number: int, outputs: Output) -> None:
        """Write the validation outputs of a trial."""
        (self.path / "outputs").mkdir(exist_ok=True)
        if isinstance(outputs, list):
            write_text(self._texts(number), json.dumps([str(text) for text in outputs]))
        else:
            np.save(self._numbers(number), outputs, allow_pickle=False)

    def kept(self, number: int) -> Output | None:
        """Return the validation outputs of a trial, None where there are none."""
        if self._texts(number).exists():
            texts: list[str] = json.loads(self._texts(number).read_text(encoding="utf-8"))
            return texts
        return np.load(self._numbers(number), allow_pickle=False) if self._numbers(number).exists() else None

    def keep_only(self, numbers: set[int]) -> None:
        """Remove the outputs of all other trials."""
        for path in (self.path / "outputs").glob("trial-*"):
            if int(path.stem.removeprefix("trial-")) not in numbers:
                path.unlink()

    def _texts(self, number: int) -> Path:
        return self.path / "outputs" / f"trial-{number}.json"

    def _numbers(self, number: int) -> Path:
        return self.path / "outputs" / f"trial-{number}.npy"


def open_folder(path: Path, identity: Mapping[str, Any], *, resume: bool) -> Folder:
    """Take a folder for the study with this identity (flat settings, space, data hashes).

    Raises ArtifactError where the folder holds something and `resume` is not given, or another process uses it;
    ConfigError where a resumed study would differ from the one that began.
    """
    empty = not path.exists() or (path.is_dir() and all(one.name.startswith(".") for one in path.iterdir()))
    if not empty:
        _check(path, identity, resume=resume)
    path.mkdir(parents=True, exist_ok=True)
    lock = (path / ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise InUse(f"{path}: another process is at work on this study; wait for it, or end it") from None
    if empty:
        write_text(path / _IDENTITY, json.dumps(identity, indent=2))
    return Folder(path, empty, lock)


def _check(path: Path, identity: Mapping[str, Any], *, resume: bool) -> None:
    if not path.is_dir():
        raise OutputTaken(f"{path}: a file, not a folder; choose another --out")
    if not (path / _IDENTITY).is_file():
        raise OutputTaken(f"{path}: the folder is not empty and holds no study; choose another --out")
    if not resume:
        raise OutputTaken(f"{path}: the folder holds a study; choose another --out, or go on with --resume")
    try:
        before = json.loads((path / _IDENTITY).read_text(encoding="utf-8"))
    except ValueError:
        raise Damaged(f"{path}/{_IDENTITY}: damaged; choose another --out") from None
    check_unchanged(path, before, dict(identity))
