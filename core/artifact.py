"""The saved model: a folder that loads from any path and machine and cannot run code.

`config.json` holds the format's version, the domain, the resolved configuration, what was learned from the data, and
the hash of every file beside and below it and of itself. Weights are safetensors; the rest is JSON. The baseline that
lies in it is a model of its own; by the hash of its `config.json` it belongs to this one.

The hashes find damage, not intent: of a model that someone changed and sealed anew, only what does not fit together is
found (names, shapes and types of weights, numbers that are not finite, settings that cannot be). Other finite weights,
labels or words that changed places, and settings that change no shape, such as the number of heads, are not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import OutOfMemoryError, Tensor, nn

from .. import __version__
from .errors import (
    Changed,
    ConfigError,
    Damaged,
    DataError,
    FourfoldError,
    NoSuchModel,
    OtherVersion,
    WrongModel,
    WrongWeights,
)
from .files import file_hash, write_text

FORMAT = "fourfold-model"
VERSION = 6

_PASSING = frozenset({"checkpoints", "features", "stages", "tensorboard"})
"""Folders of a run that are no part of the model; nor is what is hidden, the rest of a write that was cut off."""

_LONGEST = 200
"""The characters of a reason that is told."""

_AGAIN = "copy the folder again or train anew"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What `config.json` says: enough to build the model again."""

    domain: str
    kind: str
    config: dict[str, Any]
    learned: dict[str, Any] = field(default_factory=dict)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `config.json`, last of all files: a folder without it is not a model yet."""
    files = {path.relative_to(folder).as_posix(): file_hash(path) for path in _parts(folder)}
    record = {
        "format": FORMAT, "version": VERSION, "fourfold": __version__, "domain": manifest.domain, "kind": manifest.kind,
        "config": manifest.config, "learned": manifest.learned, "files": files,
    }  # fmt: skip
    write_text(folder / "config.json", json.dumps(record | {"hash": _digest(record)}, indent=2, ensure_ascii=False))


def read_manifest(folder: Path, domain: str | None = None) -> Manifest:
    """Read and check `config.json` and the hash of every file that it names; ArtifactError says what is wrong, also
    where the model is of another domain than `domain`.
    """
    record = _read_json(folder)
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise NoSuchModel(f"{folder}: its config.json is not Fourfold's; give a folder that `fourfold … train` wrote")
    version = record.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise OtherVersion(
            f"{folder}: saved in format {version} by Fourfold {record.get('fourfold')}, and this one reads up to "
            f"{VERSION}; pip install --upgrade fourfold"
        )
    if version < VERSION:
        raise OtherVersion(
            f"{folder}: saved in format {version}, whose settings of models and baselines this Fourfold reads no more; "
            "train it again"
        )
    claimed = record.pop("hash", None)
    if claimed != _digest(record):
        raise Changed(f"{folder}/config.json: changed after it was saved; {_AGAIN}")
    manifest = _manifest(folder, record)
    for name, expected in record["files"].items():
        path = folder / name
        if not path.is_file():
            raise NoSuchModel(f"{path}: missing from the saved model; {_AGAIN}")
        if file_hash(path) != expected:
            raise Changed(f"{path}: damaged (its hash differs); {_AGAIN}")
    if domain is not None and manifest.domain != domain:
        raise WrongModel(f"{folder}: a model of the domain {manifest.domain}, not {domain}")
    return manifest


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Turn whatever reading a saved model raises into ArtifactError: what is in it does not fit together.

    Errors that say themselves what is wrong pass, and a lack of memory does.
    """
    try:
        yield
    except ConfigError as error:
        raise Damaged(f"{folder}/config.json: settings that cannot be ({_short(error)}); {_AGAIN}") from error
    except DataError as error:  # of a part that might be anyone's file
        raise Damaged(f"{folder}: its files do not fit together ({_short(error)}); {_AGAIN}") from error
    except (FourfoldError, MemoryError, OutOfMemoryError):
        raise
    except Exception as error:  # what the readers of damaged data raise is anything, tokenizers' an Exception
        reason = f"{type(error).__name__}: {_short(error)}"
        raise Damaged(f"{folder}: its files do not fit together ({reason}); {_AGAIN}") from error


def _short(error: Exception) -> str:
    line = " ".join(str(error).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def read_start(folder: Path, domain: str) -> Manifest:
    """Read the manifest of a Transformer to start from; ArtifactError, too, for a classical model."""
    manifest = read_manifest(folder, domain)
    if manifest.kind == "linear":
        raise WrongModel(f"{folder}: a linear model has no weights to start from; give a Transformer's folder")
    return manifest


def save_weights(folder: Path, weights: dict[str, Tensor]) -> None:
    """Write `model.safetensors`."""
    save_file(
        {name: value.detach().cpu().contiguous() for name, value in weights.items()},
        folder / "model.safetensors",
    )


def load_weights(folder: Path, model: nn.Module) -> dict[str, Tensor]:
    """Read `model.safetensors`; `model`, on the device "meta", is the one that the configuration describes.

    Raises ArtifactError where the weights are not those of it, by name, shape and type, or are no finite numbers.
    """
    try:
        weights = load_file(folder / "model.safetensors")
    except (SafetensorError, OSError) as error:
        raise Damaged(f"{folder}/model.safetensors: damaged ({error}); copy the folder again") from None
    wanted = model.state_dict()
    for name in sorted(weights.keys() | wanted.keys()):
        has, needs = (_form(tensors.get(name)) for tensors in (weights, wanted))
        if has != needs:
            what = f"'{name}' is {has}, where the configuration asks for {needs}"
            raise WrongWeights(f"{folder}/model.safetensors: not the weights of this model ({what}); {_AGAIN}")
        if not _finite(weights[name]):
            raise Damaged(f"{folder}/model.safetensors: '{name}' holds numbers that are not finite; {_AGAIN}")
    return weights


def _finite(tensor: Tensor) -> bool:
    """Say whether all numbers are finite; unlike asking each of them this takes no memory."""
    if not tensor.numel() or not tensor.is_floating_point():
        return True
    return all(bool(one.isfinite()) for one in tensor.aminmax())


def _form(tensor: Tensor | None) -> str:
    return "missing" if tensor is None else f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"


def _read_json(folder: Path) -> Any:
    path = folder / "config.json"
    if not path.is_file():
        why = "the folder has no config.json" if folder.is_dir() else "no such folder"
        raise NoSuchModel(f"{folder}: not a saved model ({why}); give a folder that `fourfold … train` wrote")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise Damaged(f"{path}: damaged ({error}); {_AGAIN}") from None


def _manifest(folder: Path, record: dict[str, Any]) -> Manifest:
    """Return the manifest of a record in which everything is there and of its kind."""
    kinds = {"domain": str, "kind": str, "config": dict, "learned": dict, "files": dict}
    wrong = [name for name, kind in kinds.items() if not isinstance(record.get(name), kind)]
    wrong += [name for name, value in record["files"].items() if not isinstance(value, str)] if not wrong else []
    if wrong:
        raise Damaged(f"{folder}/config.json: damaged ('{wrong[0]}' is missing or of the wrong kind); {_AGAIN}")
    return Manifest(**{name: record[name] for name in ("domain", "kind", "config", "learned")})


def _parts(folder: Path) -> list[Path]:
    """Return the files of a model, but its `config.json`; of a model that lies in it, that one's `config.json`."""
    found: list[Path] = []
    for path in (path for path in sorted(folder.iterdir()) if not path.name.startswith(".")):
        if path.is_file() and path.name != "config.json":
            found.append(path)
        elif path.is_dir() and path.name not in _PASSING:
            own = path / "config.json"
            found += [own] if own.is_file() else _parts(path)
    return found


def _digest(record: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
