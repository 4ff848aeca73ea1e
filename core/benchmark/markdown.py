"""The table that the README shows, written from the JSON of a benchmark."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ..errors import ArtifactError
from ..files import write_text
from ..report import shown
from .folder import RESULTS
from .table import megabytes, milliseconds, seconds

BEGIN, END = "<!-- bench: written by make tables -->", "<!-- /bench -->"
_HEAD = ("case", "to ship", "quality (95 % interval)", "best classical", "training", "p50", "size")


def table(path: Path) -> str:
    """Return the cases of a results file as Markdown, with preset, seeds, date, machines and commits below.

    Of each model the row that learned from all training rows is shown, or from most, where none did.

    Raises ArtifactError where the file has no conclusions.
    """
    try:
        found = json.loads((path / RESULTS if path.is_dir() else path).read_text(encoding="utf-8"))
        lines = [_line(case) for case in found["cases"]]
        below = _below(found)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(
            f"{path}: no conclusions of a benchmark ({error}); run fourfold bench --out FOLDER"
        ) from None
    head = ["| " + " | ".join(_HEAD) + " |", "|" + "---|" * len(_HEAD)]
    return "\n".join([*head, *lines, "", below])


def put_into(document: Path, text: str) -> None:
    """Write the table between its marks in a document; ArtifactError where it has none."""
    whole = document.read_text(encoding="utf-8")
    if BEGIN not in whole or END not in whole:
        raise ArtifactError(f"{document}: no place for the table; write a line {BEGIN} and one {END}")
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    write_text(document, re.sub(pattern, lambda _: f"{BEGIN}\n{text}\n{END}", whole, count=1, flags=re.DOTALL))


def _below(found: dict[str, Any]) -> str:
    """Say how it was measured: with how many seeds, and on each machine and commit that any row names."""
    seeds = sorted({rung["seeds"] for case in found["cases"] for rung in _shown(case).values()})
    machines = list(found["manifests"].values())
    where = dict.fromkeys(f"{one.get('cores')} cores of {one.get('processor')}" for one in machines)
    commits = list(dict.fromkeys(str(one.get("commit")) for one in machines))
    parts = [f"`fourfold bench --preset {found['preset']}`"]
    if seeds:
        spread = f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else f"{seeds[0]}"
        parts.append(f"{spread} seed{'' if seeds == [1] else 's'}")
    parts += [found["made"][:10], " and ".join(where)]
    return ", ".join([*parts, f"commit{'' if len(commits) == 1 else 's'} {', '.join(commits)}"]) + "."


def _shown(case: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the rungs by their labels, without those of a learning curve."""
    whole = max((rung["share"] for rung in case["rungs"]), default=1)
    return {rung["label"]: rung for rung in case["rungs"] if rung["share"] == whole}


def _named(case: dict[str, Any], what: str, rungs: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """Return the rung that a conclusion names: by its label, or by its model in a file that holds no labels."""
    if f"{what}_label" in case:
        return rungs.get(case[f"{what}_label"])
    return next((rung for rung in rungs.values() if rung["model"] == case[what]), None)


def _line(case: dict[str, Any]) -> str:
    rungs = _shown(case)
    name = f"{case['domain']}: {case['case']}" + (" (synthetic)" if case["synthetic"] else "")
    best = _named(case, "classical", rungs)
    classical = f"{best['label']}, {shown(best['metric'], best['quality']['value'])}" if best else "–"
    ship = _named(case, "ship", rungs)
    if ship is None:
        return _row(name, "nothing yet", "–", classical, "–", "–", "–")
    value, low, high = (shown(ship["metric"], ship["quality"][end]) for end in ("value", "low", "high"))
    quality = f"{ship['metric']} {value} ({low} to {high})"
    costs = (seconds(ship["train_seconds"]), milliseconds(ship["latency_p50_ms"]), megabytes(ship["size_mb"]))
    return _row(name, f"**{ship['label']}**", quality, classical, *costs)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
