"""The folder of a benchmark: what is done lies there whole, so that a run that was broken off goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import OutputTaken
from ..files import remove, write_text
from .job import Job
from .row import Row

RESULTS, CONCLUSIONS = "bench.json", "cases.json"
MARKER = "fourfold-bench.json"
"""The file by which a folder is known to be a benchmark's: it says which command made it."""

BENCH, DEMO, JOIN = "fourfold bench", "fourfold demo", "fourfold bench join"
"""What makes such folders."""

_OWNED = ("jobs", "tuned", "peers", "rows", "models", RESULTS, CONCLUSIONS, "bench.csv", "bench.html", MARKER)


class Folder:
    """`jobs/` holds a row for each job that came to its end, `tuned/` the settings that were searched, `rows/` what
    pairs a job with others, `models/` what is kept of trained models, `peers/` what peers gave; `bench.json`,
    `bench.csv` and `bench.html` say it all, `cases.json` what the cases came to."""

    def __init__(self, path: Path):
        self.path = path

    @classmethod
    def open(cls, path: Path, *, resume: bool = False, force: bool = False, by: str = BENCH) -> Folder:
        """Take a folder for what `by` names; ArtifactError where something else, or another benchmark, lies there.

        `force` removes what a benchmark writes by its names, and nothing else.
        """
        if path.is_file():
            raise OutputTaken(f"{path}: a file, not a folder; choose another --out")
        if path.is_dir() and any(path.iterdir()):
            if (maker := maker_of(path)) is None:
                raise OutputTaken(f"{path}: the folder is not empty and holds no benchmark; choose another --out")
            if maker != by:
                raise OutputTaken(f"{path}: the folder is that of `{maker}`, not of `{by}`; choose another --out")
            if force:
                for name in _OWNED:
                    remove(path / name)
            elif not resume:
                raise OutputTaken(f"{path}: the folder holds a benchmark; choose another --out, or go on with --resume")
        (path / "jobs").mkdir(parents=True, exist_ok=True)
        write_text(path / MARKER, json.dumps({"made_by": by}) + "\n")
        return cls(path)

    def done(self, job: Job) -> Row | None:
        """Return the row of a job that came to its end before; a failed one is done again."""
        row: Row | None = _read(self.path / "jobs" / f"{job.key}.json", dict)
        return None if row is None or "error" in row else row

    def keep(self, job: Job, row: Row) -> None:
        """Write a job's row; what it printed is kept only where it failed."""
        _write(self.path / "jobs" / f"{job.key}.json", row)
        if "error" not in row:
            self.log(job).unlink(missing_ok=True)

    def tuned(self, study: Job) -> Row | None:
        """Return the settings that a search came to before."""
        found: Row | None = _read(self.path / "tuned" / f"{study.key}.json", dict)
        return found

    def keep_tuned(self, study: Job, found: Row) -> None:
        """Write what a search came to."""
        _write(self.path / "tuned" / f"{study.key}.json", found)
        self.log(study).unlink(missing_ok=True)

    def done_peer(self, key: str) -> list[Row] | None:
        """Return the rows that a peer gave before."""
        found: list[Row] | None = _read(self.path / "peers" / f"{key}.json", list)
        return found

    def keep_peer(self, key: str, rows: list[Row]) -> None:
        """Write the rows of a peer."""
        _write(self.path / "peers" / f"{key}.json", rows)

    def rows(self, job: Job) -> Path:
        """Where what pairs a job with others lies."""
        return self.path / "rows" / f"{job.key}.safetensors"

    def model(self, job: Job) -> Path:
        """Where a trained model is kept."""
        return self.path / "models" / f"{job.domain}-{job.case}-{job.rung.model}"

    def forget_model(self, job: Job) -> None:
        """Remove a kept model, so that the one that takes its place is kept."""
        remove(self.model(job))

    def log(self, job: Job) -> Path:
        """Where what a job prints goes."""
        return self.path / "jobs" / f"{job.key}.log"


def maker_of(path: Path) -> str | None:
    """Return which command made a folder; None where it holds no benchmark."""
    maker = (_read(path / MARKER, dict) or {}).get("made_by")
    return maker if isinstance(maker, str) else None


def _read(path: Path, kind: type) -> Any:
    """Return what was written as JSON; None where there is nothing, or something else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, kind) else None


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False))
