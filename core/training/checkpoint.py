"""Checkpoints: safetensors and JSON in a folder that is either whole or not there.

A checkpoint is written to a temporary folder, synced and renamed; the newest two are kept. The hash of each file lies
beside it, so that a damaged one is found, said, and the one before it taken.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from ..errors import NotSaved
from ..files import UNFINISHED, damage, remove, write_folder

CHECKPOINTS = "checkpoints"
"""The folder of the checkpoints in that of a run."""

KEEP = 2
_STATE = "state.json"
_NAME = re.compile(r"step-\d+(-\d+)?")


@dataclass(frozen=True)
class Checkpoint:
    """Groups of tensors (`model`, `optimizer`, `average`, `best`) and the counters of training as plain values."""

    state: dict[str, Any]
    tensors: dict[str, dict[str, Tensor]] = field(default_factory=dict)


def copied(checkpoint: Checkpoint) -> Checkpoint:
    """Return the same with tensors of its own, which training does not change."""
    groups = {
        name: {key: tensor.detach().clone() for key, tensor in group.items()}
        for name, group in checkpoint.tensors.items()
    }
    return Checkpoint(dict(checkpoint.state), groups)


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint as `folder/step-N` and remove all but it and the newest whole one before it.

    What is newer could not be read, or training would be further on. After training went back to an earlier step its
    name ends in how often, `step-N-1`: so it is newer than those of the way that was left, and takes no name of theirs.
    Raises TrainingError where the disk refuses it; those written before stay usable.
    """
    times = checkpoint.state.get("recoveries", 0)
    final = folder / (f"step-{checkpoint.state['step']:09d}" + (f"-{times}" if times else ""))
    try:
        for path in folder.glob(f"{UNFINISHED}*"):
            remove(path)
        write_folder(final, lambda temporary: _write(temporary, checkpoint))
        there = _found(folder)
        whole = (path for path in there if _age(path) < _age(final) and not damage(path))
        kept = [final, *itertools.islice(whole, KEEP - 1)]
        for path in there:
            if path not in kept:
                remove(path)
    except OSError as error:
        raise NotSaved(
            f"{final}: the checkpoint could not be written ({error.strerror or error}); free space and go on with "
            "--resume from the checkpoint before it"
        ) from error
    return final


def load_checkpoint(folder: Path) -> tuple[Checkpoint | None, list[str]]:
    """Return the newest whole checkpoint, or None, with one sentence for each that had to be passed over."""
    warnings = [f"{path.name}: cut off while being written; ignored" for path in folder.glob(f"{UNFINISHED}*")]
    for path in _found(folder):
        if not (why := damage(path)):
            return _read(path), warnings
        warnings.append(f"{path.name}: damaged ({why}); the one before it is taken")
    return None, warnings


def remove_checkpoints(folder: Path) -> None:
    """Remove all checkpoints; the run is done."""
    shutil.rmtree(folder, ignore_errors=True)


def _found(folder: Path) -> list[Path]:
    """Return the checkpoints, the newest first."""
    named = (path for path in folder.glob("step-*") if _NAME.fullmatch(path.name))  # others are the user's
    return sorted(named, key=_age, reverse=True)


def _age(path: Path) -> tuple[int, int]:
    """Return how often training had gone back by then, and the step."""
    _, step, *times = path.name.split("-")
    return int(times[0]) if times else 0, int(step)


def _write(folder: Path, checkpoint: Checkpoint) -> None:
    for name, tensors in checkpoint.tensors.items():
        try:
            plain = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
            save_file(plain, folder / f"{name}.safetensors")
        except Exception as error:  # safetensors raises its own error for a full disk
            raise OSError(str(error)) from error
    record = {"state": checkpoint.state, "groups": list(checkpoint.tensors)}
    (folder / _STATE).write_text(json.dumps(record), encoding="utf-8")


def _read(path: Path) -> Checkpoint:
    record = json.loads((path / _STATE).read_text(encoding="utf-8"))
    return Checkpoint(record["state"], {name: load_file(path / f"{name}.safetensors") for name in record["groups"]})
