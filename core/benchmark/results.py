"""The results of a benchmark: rows, what was passed over, machines; as JSON and CSV, read, joined."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import BadResults, OtherVersion
from ..files import write_text
from ..metrics import Interval, Statistic, difference
from .folder import CONCLUSIONS, RESULTS
from .kept import kept
from .row import Row

FORMAT, VERSION = "fourfold-bench", 2

_COLUMNS = (
    "domain", "case", "model", "label", "kind", "seed", "share", "metric", "value", "low", "high", "ceiling",
    "train_rows", "test_rows", "train_seconds", "train_rows_per_second", "predict_rows_per_second", "latency_p50_ms",
    "latency_p95_ms", "memory_mb", "parameters", "size_mb", "energy_joules", "energy_source", "synthetic", "note",
    "error", "skipped", "train_hash", "test_hash", "manifest", "command",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Results:
    """Rows of runs, in which `manifest` names one of `manifests`, and of what failed or was passed over.

    `preset` says how much was run, and `command` all that was asked for; `made` when, as an ISO date. `folders` are
    where the statistics of the rows lie, by which they are paired.
    """

    preset: str
    made: str
    rows: tuple[Row, ...] = ()
    manifests: dict[str, dict[str, Any]] = field(default_factory=dict)
    folders: tuple[Path, ...] = ()
    command: str = ""
    _differences: dict[tuple[str, str], Interval | None] = field(default_factory=dict, init=False, compare=False)

    @classmethod
    def of(cls, preset: str, made: str, rows: Iterable[Row], folder: Path, command: str = "") -> Results:
        """Return results of rows that hold their manifests themselves; equal ones are kept once."""
        manifests: dict[str, dict[str, Any]] = {}
        plain = []
        for row in rows:
            found, name = row.get("manifest"), row.get("manifest")
            if isinstance(found, dict):
                name = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:8]
                manifests[name] = found
            plain.append(row | {"manifest": name} if name else row)
        return cls(preset=preset, made=made, rows=tuple(plain), manifests=manifests, folders=(folder,), command=command)

    @property
    def measured(self) -> list[Row]:
        """The rows of runs that came to a value, those of speed alone left out."""
        return [row for row in self.rows if row.get("value") is not None]

    @property
    def speeds(self) -> list[Row]:
        """The rows of peers: speed beside ours."""
        return [row for row in self.rows if "work" in row]

    @property
    def failed(self) -> list[Row]:
        """The rows of runs that failed."""
        return [row for row in self.rows if "error" in row]

    @property
    def skipped(self) -> list[Row]:
        """The rows of cases and runs that were passed over."""
        return [row for row in self.rows if "skipped" in row]

    def statistic(self, row: Row) -> Statistic | None:
        """Return what was kept of a run, row by row; None where nothing was."""
        name = row.get("kept")
        found = (kept(folder / "rows" / name) for folder in self.folders) if name else iter(())
        return next((one for one in found if one is not None), None)

    def difference(self, ours: Row, theirs: Row) -> Interval | None:
        """Return by how much a run is better than another on the same rows; None where their rows were not kept.

        It is kept: each takes a thousand draws, and verdicts, table and page ask for the same.
        """
        pair = str(ours.get("kept")), str(theirs.get("kept"))
        if pair not in self._differences:
            first, second = self.statistic(ours), self.statistic(theirs)
            if first is None or second is None or len(first) != len(second):
                self._differences[pair] = None
            else:
                self._differences[pair] = difference(first, second)
        return self._differences[pair]

    @property
    def head(self) -> dict[str, Any]:
        """What was asked for, when, and on which machines, as plain values."""
        found = {"format": FORMAT, "version": VERSION, "preset": self.preset, "command": self.command}
        return found | {"made": self.made, "manifests": self.manifests}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return self.head | {"rows": list(self.rows)}

    def to_csv(self) -> str:
        """Return a line for each row."""
        target = io.StringIO()
        writer = csv.DictWriter(target, _COLUMNS, extrasaction="ignore", restval="")
        writer.writeheader()
        writer.writerows({name: "" if value is None else value for name, value in row.items()} for row in self.rows)
        return target.getvalue()


def read_results(path: Path) -> Results:
    """Read the results in a folder, or a file of them; ArtifactError says what is wrong with it."""
    file = path / RESULTS if path.is_dir() else path
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError:
        raise BadResults(f"{path}: no results there; give a folder that `fourfold bench --out` wrote") from None
    except ValueError as error:
        raise BadResults(f"{file}: damaged ({error}); run the benchmark again with --resume") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BadResults(f"{file}: no results of a benchmark; give a folder that `fourfold bench --out` wrote")
    if found.get("version") != VERSION:
        raise OtherVersion(
            f"{file}: results in format {found.get('version')}, and this Fourfold reads {VERSION}; run it again"
        )
    try:
        return Results(
            preset=found["preset"],
            made=found["made"],
            rows=tuple(found["rows"]),
            manifests=found["manifests"],
            folders=(file.parent,),
            command=found.get("command", ""),
        )
    except (KeyError, TypeError) as error:
        raise BadResults(f"{file}: damaged ({error} is missing); run the benchmark again with --resume") from None


def write_results(path: Path, results: Results, cases: Sequence[Row] = ()) -> None:
    """Write JSON, with what the cases came to, and CSV into a folder, each whole or not at all.

    What the cases came to is also written without the runs: small enough to be kept beside what is told of it.
    """
    _write_json(path / RESULTS, results.to_dict() | {"cases": list(cases)})
    write_text(path / "bench.csv", results.to_csv())
    if cases:
        _write_json(path / CONCLUSIONS, results.head | {"format": f"{FORMAT}-cases", "cases": list(cases)})


def _write_json(path: Path, value: Row) -> None:
    from ..report import plain_json

    write_text(path, json.dumps(json.loads(plain_json(value)), indent=1, ensure_ascii=False) + "\n")


def join(several: Sequence[Results]) -> Results:
    """Return all rows of several results; of the same run done twice, that of the later that did not fail."""
    rows: dict[tuple[Any, ...], Row] = {}
    for results in several:
        for row in results.rows:
            rows[identity(row)] = row
    done = {of_run(row) for row in rows.values() if "error" not in row}
    presets = dict.fromkeys(results.preset for results in several)
    commands = dict.fromkeys(results.command for results in several if results.command)
    return replace(
        several[-1],
        preset=" + ".join(presets),
        command="; ".join(commands),
        rows=tuple(row for row in rows.values() if "error" not in row or of_run(row) not in done),
        manifests={name: one for results in several for name, one in results.manifests.items()},
        folders=tuple(folder for results in reversed(several) for folder in results.folders),
    )


def of_run(row: Row) -> tuple[Any, ...]:
    """Return what was asked of a run: the case, the model and how it is trained."""
    return tuple(row.get(name) for name in ("domain", "case", "model", "seed", "share", "init", "tune", "work"))


def identity(row: Row) -> tuple[Any, ...]:
    """Return what tells a run from others: what was asked of it, and the data that it saw.

    The settings that a search chose are no part of it: those of a later search by the same clock take their place.
    """
    return (*of_run(row), row.get("train_hash"), row.get("test_hash"))
