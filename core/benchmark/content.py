"""What tells data, models and code from what they were before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..artifact import FORMAT
from ..files import file_hash

SHOWS = (
    "core/benchmark/command.py", "core/benchmark/compare.py", "core/benchmark/demo.py", "core/benchmark/folder.py",
    "core/benchmark/markdown.py", "core/benchmark/overhead.py", "core/benchmark/page/*", "core/benchmark/presets.py",
    "core/benchmark/results.py", "core/benchmark/sameness.py", "core/benchmark/soak.py",
    "core/benchmark/start.py",
    "core/benchmark/statistics.py", "core/benchmark/summary.py", "core/benchmark/table.py",
    "core/benchmark/verdict.py", "core/cli/*",
    "core/commands.py", "core/report/page.py", "core/report/plots.py", "core/report/svg.py", "core/tuning/page.py",
    "core/tuning/plots.py", "*/cli.py",
)  # fmt: skip
"""Code that shows what was measured, chooses what is run, or measures something else: no run's numbers hang on it."""

PEERS = (
    "*/peers/*", "core/benchmark/clock.py", "core/benchmark/environment.py", "core/benchmark/machine.py",
    "core/benchmark/peers.py", "core/benchmark/speed.py",
)  # fmt: skip
"""Code on which the numbers of peers alone hang."""

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


def software(*, peers: bool = False) -> dict[str, Any]:
    """Return the versions of what computes, and a hash of the code on which the numbers of a run, or a peer, hang."""
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for file in counted(root, peers=peers):
        digest.update(f"{file.relative_to(root)}\n".encode() + file.read_bytes())
    return {"versions": {name: version(name) for name in PACKAGES}, "code": digest.hexdigest()[:12]}


def counted(root: Path, *, peers: bool = False) -> Iterator[Path]:
    """Yield the files of this package's code that can change a number of a run; with `peers`, those of peers, too."""
    left_out = SHOWS if peers else SHOWS + PEERS
    for package in sorted(path.parent for path in root.glob("*/__init__.py") if path.parent.name != "tests"):
        for file in sorted(package.rglob("*.py")):
            name = file.relative_to(root).as_posix()
            if not any(fnmatch(name, pattern) for pattern in left_out):
                yield file


def _of_model(path: Path) -> str | None:
    """Return the hash that one of our saved models holds of itself; None for another folder."""
    try:
        record = json.loads((path / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    ours = isinstance(record, dict) and record.get("format") == FORMAT
    return str(record.get("hash")) if ours else None
