"""The tables that the README shows, each written from the JSON of a benchmark."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ..errors import BadResults
from ..files import write_text
from ..metrics import Interval
from ..report import shown
from ..report.text import NOTHING, gain
from .folder import RESULTS
from .table import megabytes, milliseconds, seconds

PLACE = re.compile(r"(<!-- bench (\S+): written by make tables -->\n)(.*?)(<!-- /bench -->)", re.DOTALL)
"""A place for a table: its first mark names the JSON that it is written from, beside the document."""

_HEAD = (
    "case", "Transformer (95 % interval)", "best classical model", "Transformer better by", "to ship", "training",
    "p50", "size",
)  # fmt: skip


def table(path: Path) -> str:
    """Return the cases of a results file as Markdown, with command, seeds, date, machines and commits below.

    Beside the best classical model stands the Transformer that is to be shipped or, where none is, the best by its
    mean, and what it gives alone where it is a blend; training time, latency and size are of what is to be shipped. Of
    each model the row that learned from all training rows is shown, or from most, where none did.

    Raises ArtifactError where the file has no conclusions.
    """
    try:
        found = json.loads((path / RESULTS if path.is_dir() else path).read_text(encoding="utf-8"))
        lines = [_line(case) for case in found["cases"]]
        below = _below(found)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadResults(f"{path}: no conclusions of a benchmark ({error}); run fourfold bench --out FOLDER") from None
    head = ["| " + " | ".join(_HEAD) + " |", "|" + "---|" * len(_HEAD)]
    return "\n".join([*head, *lines, "", below])


def filled(document: Path) -> str:
    """Return a document with the tables in their places; one whose JSON is not there yet stays empty.

    Raises ArtifactError where it has no place.
    """
    whole = document.read_text(encoding="utf-8")
    if not PLACE.search(whole):
        raise BadResults(
            f"{document}: no place for a table; write a line <!-- bench FILE.json: written by make tables --> and one "
            "<!-- /bench -->"
        )

    def written(place: re.Match[str]) -> str:
        file = document.parent / place[2]
        return f"{place[1]}{table(file)}\n{place[4]}" if file.exists() else place[1] + place[4]

    return PLACE.sub(written, whole)


def fill(document: Path) -> None:
    """Write the tables into their places in a document."""
    write_text(document, filled(document))


def _below(found: dict[str, Any]) -> str:
    """Say how it was measured: with how many seeds, and on each machine and commit that any row names."""
    seeds = sorted({rung["seeds"] for case in found["cases"] for rung in _shown(case).values()})
    machines = list(found["manifests"].values())
    where = dict.fromkeys(f"{one.get('cores')} cores of {one.get('processor')}" for one in machines)
    commits = list(dict.fromkeys(str(one.get("commit")) for one in machines))
    parts = [f"`{found.get('command') or 'fourfold bench --preset ' + found['preset']}`"]
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
    ship, classical = _named(case, "ship", rungs), _named(case, "classical", rungs)
    core = _transformer(ship, rungs)
    metric = next((f", {rung['metric']}" for rung in rungs.values()), "")
    name = f"{case['domain']}: {case['case']}" + (" (synthetic)" if case["synthetic"] else "") + metric
    cells = [name, _quality(core), _quality(classical), _difference(core)]
    if ship is None:
        return _row(*cells, "nothing yet", NOTHING, NOTHING, NOTHING)
    costs = (seconds(ship["train_seconds"]), milliseconds(ship["latency_p50_ms"]), megabytes(ship["size_mb"]))
    return _row(*cells, f"**{ship['label']}**", *costs)


def _transformer(ship: dict[str, Any] | None, rungs: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """Return the Transformer that is to be shipped, or the best by its mean."""
    trained = [rung for rung in rungs.values() if rung["kind"] in ("core", "pretrained")]
    if ship in trained:
        return ship

    def better(rung: dict[str, Any]) -> float:
        value: float = rung["quality"]["value"]
        return value if rung.get("greater_is_better", True) else -value

    return max(trained, key=better, default=None)


def _quality(rung: dict[str, Any] | None) -> str:
    if rung is None:
        return NOTHING
    value, low, high = (shown(rung["metric"], rung["quality"][end]) for end in ("value", "low", "high"))
    alone = rung["alone"].removeprefix("a blend: ").partition(", ")[0]  # of a blend, what the deep part gives
    parts = [f"{rung['label']} {value} ({low.removesuffix(' %')} to {high.removesuffix(' %')})", *filter(None, [alone])]
    return ", ".join(parts)


def _difference(rung: dict[str, Any] | None) -> str:
    """Return how much better a Transformer is than the best classical model, in pairs on the same rows."""
    if rung is None or rung["gain"] is None:
        return NOTHING
    found = Interval(**rung["gain"])
    low, high = (gain(rung["metric"], end).removesuffix(" points") for end in (found.low, found.high))
    return f"{gain(rung['metric'], found.value)} ({low} to {high})"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
