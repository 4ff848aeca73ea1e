"""What tells data, models and code from what they were before."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..artifact import FORMAT
from ..files import file_hash

PACKAGES = ("fourfold", "torch", "timm", "torchaudio", "transformers", "scikit-learn", "numpy", "pandas")


def content_of(path: Path) -> str:
    """Return a hash of a file; of a saved model, of the hash in its config.json, which covers every file; of
    another folder, of the names, sizes and times of change of its files; of what is not there, nothing."""
    if not path.is_dir():
        return file_hash(path) if path.is_file() else ""
    if (known := _of_model(path)) is not None:
        return known
    digest = hashlib.sha256()
    for one in sorted(one for one in path.rglob("*") if one.is_file()):
        facts = one.stat()
        digest.update(f"{one.relative_to(path)} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def software() -> dict[str, Any]:
    """Return the versions of what computes, and a hash of this package's code."""
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for package in sorted(path.parent for path in root.glob("*/__init__.py") if path.parent.name != "tests"):
        for file in sorted(package.rglob("*.py")):
            digest.update(f"{file.relative_to(root)}\n".encode() + file.read_bytes())
    return {"versions": {name: version(name) for name in PACKAGES}, "code": digest.hexdigest()[:12]}


def _of_model(path: Path) -> str | None:
    """Return the hash that one of our saved models holds of itself; None for another folder."""
    try:
        record = json.loads((path / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    ours = isinstance(record, dict) and record.get("format") == FORMAT
    return str(record.get("hash")) if ours else None
