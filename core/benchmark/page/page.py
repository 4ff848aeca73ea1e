"""From results to the page: no script, nothing loaded, light and dark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...report import shown, text
from ...report.page import environment, resource
from ..results import Results
from ..row import Row
from ..summary import CaseSummary, Summary, ranks, summaries
from ..table import figures
from ..verdict import Verdict, verdict
from . import plots

STATUS = {"classical": "Classical wins", "transformer": "Transformer wins", "none": "Nothing to ship"}
_REPORT = "fourfold.core.report"
_SHOWN = ("processor", "cores", "threads", "memory_gb", "accelerator", "capability", "system", "python", "commit")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A case as the page shows it."""

    case: CaseSummary
    anchor: str
    verdict: Verdict
    ladder: plots.Ladder | None
    figures: Sequence[plots.Figure]
    curve: plots.Figure | None

    @property
    def head(self) -> str:
        """How much was measured."""
        first = self.case.rungs[0] if self.case.rungs else self.case.curve[0]
        row = first.runs[0]
        train = max(run["train_rows"] for one in self.case.rungs for run in one.runs)
        seeds = max(one.seeds for one in self.case.rungs)
        parts = [
            f"{train:,} training rows",
            f"{row['test_rows']:,} test rows",
            f"{seeds} seed{'' if seeds == 1 else 's'}",
        ]
        if self.case.ceiling is not None:
            parts.append(f"ceiling {shown(first.metric, self.case.ceiling)}")
        return " · ".join(parts)

    @property
    def hashes(self) -> str:
        """The data, as the first run saw them."""
        row = self.case.rungs[-1].runs[0]
        return f"training rows {row['train_hash'][:12]}, test rows {row['test_hash'][:12]}"


def render(results: Results) -> str:
    """Return the page; whatever names and values hold is escaped."""
    cases = [_shown(case) for case in summaries(results) if case.rungs]
    template = environment().from_string(resource("page.html", str(__package__)))
    domains: dict[str, list[Shown]] = {}
    for case in cases:
        domains.setdefault(case.case.domain, []).append(case)
    return template.render(
        r=results,
        css=resource("page.css", _REPORT) + resource("page.css", str(__package__)),
        label=_label(results, [one.case for one in cases]),
        cases=cases,
        domains=domains,
        ranks=ranks([one.case for one in cases]),
        statuses=STATUS,
        machines=[_machine(one) for one in results.manifests.values()],
        load=_load(results),
        named=_named,
        figures=figures,
        measured=text.measured,
        kept_together=_kept_together,
        parts=lambda command: re.split(" (?=--)", command),
        ends=text.ends,
        gain=_gain,
        estimated=any(str(row.get("energy_source", "")).startswith("estimated") for row in results.measured),
        number=text.number,
    )


def _shown(case: CaseSummary) -> Shown:
    return Shown(
        case=case,
        anchor=re.sub("[^a-z0-9]+", "-", f"{case.domain}-{case.case}".lower()),
        verdict=verdict(case),
        ladder=plots.ladder(case),
        figures=plots.pareto(case),
        curve=plots.curve(case),
    )


def _label(results: Results, cases: Sequence[CaseSummary]) -> str:
    """Say how much weight the results bear: how many seeds there are, and whether settings were searched."""
    seeds = {one.seeds for case in cases for one in case.rungs} or {0}
    tunes = {row.get("tune") for row in results.measured if row["kind"] not in ("prior", "run")}
    tuned = "nothing tuned" if tunes <= {None} else "not all tuned alike"
    if len(tunes) == 1 and None not in tunes:
        tuned = f"each rung tuned for up to {tunes.pop()}"
    many = str(max(seeds)) if len(seeds) == 1 else f"{min(seeds)} to {max(seeds)}"
    said = f"{many} seed{'' if seeds == {1} else 's'}, {tuned}."
    return said + (" Intervals of one seed hold the test rows' chance, not the seed's." if 1 in seeds else "")


def _gain(one: Summary) -> tuple[str, str, str]:
    """Return the difference from the best classical model, its interval, and which way it clearly points."""
    if one.gain is None:
        return "", "", ""
    low, high = (text.gain(one.metric, end).removesuffix(" points") for end in (one.gain.low, one.gain.high))
    way = "good" if one.gain.low > 0 else "bad" if one.gain.high < 0 else ""
    value = text.gain(one.metric, one.gain.value).removesuffix(" points")
    return _minus(value), _minus(f"{low} to {high}"), way


def _kept_together(sentence: str) -> str:
    """Return a sentence whose lines do not break between a number and its unit, with signs as they are printed."""
    return _minus(sentence).replace(" %", "\u00a0%").replace(" points", "\u00a0points")


def _minus(written: str) -> str:
    return re.sub(r"(?<![\w.])-(?=\d)", "−", written)


def _machine(manifest: dict[str, Any]) -> dict[str, str]:
    names = {"memory_gb": "memory in GB", "capability": "instructions"}
    found = {names.get(name, name): str(manifest[name]) for name in _SHOWN if manifest.get(name) is not None}
    versions = ", ".join(f"{name} {one}" for name, one in manifest.get("versions", {}).items())
    flags = ", ".join(f"{name}={one}" for name, one in manifest.get("environment", {}).items())
    return found | {"versions": versions} | ({"environment": flags} if flags else {})


def _load(results: Results) -> str:
    """Say how busy the machine was beside the runs."""
    loads = [row["load"] for row in results.measured if row.get("load") is not None]
    if not loads:
        return ""
    return (
        f"Load when the runs began: {min(loads):.1f} to {max(loads):.1f} (1 is one busy core, other programs included)."
    )


def _named(row: Row) -> str:
    where = "/".join(filter(None, (row.get("domain"), str(row["case"]))))
    seed = f", seed {row['seed']}" if row.get("seed") is not None else ""
    return f"{where} {row.get('label') or row.get('model', '')}{seed}".strip()
