"""The saved model: a folder that loads from any path and machine and cannot run code.

`config.json` holds the format's version, the domain, the resolved configuration, what was learned from the data, and
the hash of every file beside it and of itself. Weights are safetensors; the rest is JSON.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from .. import __version__
from .errors import ArtifactError
from .files import file_hash, write_text

FORMAT = "fourfold-model"
VERSION = 6


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What `config.json` says: enough to build the model again."""

    domain: str
    kind: str
    config: dict[str, Any]
    learned: dict[str, Any] = field(default_factory=dict)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `config.json`, last of all files: a folder without it is not a model yet."""
    files = {
        path.relative_to(folder).as_posix(): file_hash(path)
        for path in sorted(folder.glob("*"))
        if path.is_file() and path.name != "config.json"
    }
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
        raise ArtifactError(f"{folder}: its config.json is not Fourfold's; give a folder that `fourfold … train` wrote")
    version = record.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise ArtifactError(
            f"{folder}: saved in format {version} by Fourfold {record.get('fourfold')}, and this one reads up to "
            f"{VERSION}; pip install --upgrade fourfold"
        )
    if version < VERSION:
        raise ArtifactError(
            f"{folder}: saved in format {version}, whose settings of models and baselines this Fourfold reads no more; "
            "train it again"
        )
    claimed = record.pop("hash", None)
    if claimed != _digest(record):
        raise ArtifactError(f"{folder}/config.json: changed after it was saved; copy the folder again or train anew")
    for name, expected in record["files"].items():
        path = folder / name
        if not path.is_file():
            raise ArtifactError(f"{path}: missing from the saved model; copy the folder again or train anew")
        if file_hash(path) != expected:
            raise ArtifactError(f"{path}: damaged (its hash differs); copy the folder again or train anew")
    manifest = Manifest(**{name: record[name] for name in ("domain", "kind", "config", "learned")})
    if domain is not None and manifest.domain != domain:
        raise ArtifactError(f"{folder}: a model of the domain {manifest.domain}, not {domain}")
    return manifest


def read_start(folder: Path, domain: str) -> Manifest:
    """Read the manifest of a Transformer to start from; ArtifactError, too, for a classical model."""
    manifest = read_manifest(folder, domain)
    if manifest.kind == "linear":
        raise ArtifactError(f"{folder}: a linear model has no weights to start from; give a Transformer's folder")
    return manifest


def save_weights(folder: Path, weights: dict[str, Tensor]) -> None:
    """Write `model.safetensors`."""
    save_file(
        {name: value.detach().cpu().contiguous() for name, value in weights.items()},
        folder / "model.safetensors",
    )


def load_weights(folder: Path) -> dict[str, Tensor]:
    """Read `model.safetensors`."""
    try:
        return load_file(folder / "model.safetensors")
    except (SafetensorError, OSError) as error:
        raise ArtifactError(f"{folder}/model.safetensors: damaged ({error}); copy the folder again") from None


def _read_json(folder: Path) -> Any:
    path = folder / "config.json"
    if not path.is_file():
        why = "the folder has no config.json" if folder.is_dir() else "no such folder"
        raise ArtifactError(f"{folder}: not a saved model ({why}); give a folder that `fourfold … train` wrote")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ArtifactError(f"{path}: damaged ({error}); copy the folder again or train anew") from None


def _digest(record: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
