"""Checkpoints: safetensors and JSON in a folder that is either whole or not there.

A checkpoint is written to a temporary folder, synced and renamed; the newest two are kept. Each file's hash stands in
`state.json`, so that a damaged one is found, said, and the one before it taken.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from ..errors import NotSaved
from ..files import file_hash, sync

CHECKPOINTS = "checkpoints"
"""The folder of the checkpoints in that of a run."""

KEEP = 2


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
    """Write a checkpoint as `folder/step-N` and remove all but the newest two.

    Raises TrainingError where the disk refuses it; those written before stay usable.
    """
    final = folder / f"step-{checkpoint.state['step']:09d}"
    temporary = folder / f".writing-{final.name}"
    try:
        _clear_unfinished(folder)
        temporary.mkdir(parents=True)
        _write(temporary, checkpoint)
        if final.exists():  # written again after a return to it
            final.rename(folder / f".writing-old-{final.name}")
        temporary.rename(final)
        _clear_unfinished(folder)
        sync(folder)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise NotSaved(
            f"{final}: the checkpoint could not be written ({error.strerror or error}); free space and go on with "
            "--resume from the checkpoint before it"
        ) from error
    for old in _found(folder)[KEEP:]:
        shutil.rmtree(old)
    return final


def load_checkpoint(folder: Path) -> tuple[Checkpoint | None, list[str]]:
    """Return the newest whole checkpoint, or None, with one sentence for each that had to be passed over."""
    warnings = [f"{path.name}: cut off while being written; ignored" for path in folder.glob(".writing-*")]
    for path in _found(folder):
        try:
            return _read(path), warnings
        except (OSError, ValueError, KeyError) as error:
            warnings.append(f"{path.name}: damaged ({error}); the one before it is taken")
    return None, warnings


def remove_checkpoints(folder: Path) -> None:
    """Remove all checkpoints; the run is done."""
    shutil.rmtree(folder, ignore_errors=True)


def _found(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*"), reverse=True)


def _clear_unfinished(folder: Path) -> None:
    for path in folder.glob(".writing-*"):
        shutil.rmtree(path)


def _write(folder: Path, checkpoint: Checkpoint) -> None:
    hashes = {}
    for name, tensors in checkpoint.tensors.items():
        path = folder / f"{name}.safetensors"
        try:
            save_file({key: value.detach().cpu().contiguous() for key, value in tensors.items()}, path)
        except Exception as error:  # safetensors raises its own error for a full disk
            raise OSError(str(error)) from error
        hashes[name] = file_hash(path)
        sync(path)
    state = folder / "state.json"
    state.write_text(json.dumps({"state": checkpoint.state, "files": hashes}), encoding="utf-8")
    sync(state)
    sync(folder)


def _read(path: Path) -> Checkpoint:
    record = json.loads((path / "state.json").read_text(encoding="utf-8"))
    for name, expected in record["files"].items():
        if file_hash(path / f"{name}.safetensors") != expected:
            raise ValueError(f"the hash of {name}.safetensors does not match")
    tensors = {name: load_file(path / f"{name}.safetensors") for name in record["files"]}
    return Checkpoint(record["state"], tensors)
