"""From rows to one line for each model of a case: over seeds, beside the best classical model, in pairs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any

import numpy as np

from ..metrics import Interval
from ..report import shown
from .ladder import ORDER
from .results import Results
from .row import Kind, Row
from .statistics import mean_ranks, over_seeds, within

Key = tuple[str, str, int]
"""Domain, case, and which of several data sets of that name."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A model on a case over its seeds: quality with interval, costs (medians), and the runs.

    `gain` is how much better it is than the best classical model, in pairs on the same rows and seeds; None for that
    model itself, or where nothing pairs them. `failures` says why runs failed.
    """

    domain: str
    case: str
    model: str
    label: str
    kind: Kind
    share: float
    quality: Interval
    metric: str
    greater_is_better: bool
    runs: tuple[Row, ...]
    gain: Interval | None = None
    failures: tuple[str, ...] = ()

    def cost(self, name: str) -> float:
        """Return the median over the runs of a figure by its name in the rows."""
        return float(np.median([row[name] for row in self.runs]))

    @property
    def seeds(self) -> int:
        """The number of runs."""
        return len(self.runs)

    @property
    def command(self) -> str:
        """The command of all runs."""
        first = str(self.runs[0]["command"])
        seeds = sorted(row["seed"] for row in self.runs)
        words = [f"--seed {seed}" for seed in seeds]
        if len(seeds) > 1 and seeds == list(range(len(seeds))):
            words = [f"--seeds {len(seeds)}"]
        return first.replace(f"--seed {self.runs[0]['seed']}", " ".join(words), 1)

    @property
    def note(self) -> str:
        """What a reader must know of the runs."""
        notes = dict.fromkeys(row.get("note", "") for row in self.runs)
        return "; ".join(filter(None, notes))

    @property
    def alone(self) -> str:
        """Where the model is a blend, what each of its parts gives by itself: the mean over the runs that have it.

        Each run blends the classical model that was the best on the rows it held out.
        """
        branches = [row.get("branches") or {} for row in self.runs]
        told = []
        for name in dict.fromkeys(name for found in branches for name in found):
            values = [_number(found[name]) for found in branches if name in found]
            runs = "" if len(values) == len(branches) else f" (in {len(values)} of {len(branches)} runs)"
            told.append(f"{name} {shown(self.metric, float(np.mean(values)))}{runs}")
        return f"a blend: {', '.join(told)}" if told else ""

    def better(self) -> float:
        """Return the quality so that more is better."""
        return self.quality.value if self.greater_is_better else -self.quality.value


@dataclass(frozen=True, kw_only=True)
class CaseSummary:
    """All that was measured of a case, the simplest rungs first; `curve` holds those of smaller training sets.

    The rungs are those of all training rows, or, where no run learned from all, of the largest share; `about` says so.
    """

    domain: str
    case: str
    about: str
    synthetic: bool
    ceiling: float | None
    rungs: tuple[Summary, ...]
    curve: tuple[Summary, ...]
    results: Results

    @property
    def classical(self) -> Summary | None:
        """The best of the classical models, on the test rows: a comparison with it favours the classical ones."""
        return max((one for one in self.rungs if one.kind == "classical"), key=Summary.better, default=None)

    def gain(self, ours: Summary, theirs: Summary) -> Interval | None:
        """Return how much better one model is than another (positive: better) on the same rows and seeds."""
        return gain(self.results, ours, theirs)


def summaries(results: Results) -> list[CaseSummary]:
    """Return the cases in their order; where joined results saw other data under one name, each of them is a case."""
    cases: dict[Key, list[Row]] = {}
    seen: dict[tuple[Any, ...], dict[tuple[Any, ...], int]] = {}
    for row in results.measured:
        data = seen.setdefault(tuple(row.get(name) for name in ("domain", "case", "seed", "share")), {})
        hashes = row.get("train_hash"), row.get("test_hash")
        number = data.setdefault(hashes, len(data)) if any(hashes) else 0  # a peer may not know them
        cases.setdefault((row["domain"], row["case"], number), []).append(row)
    return [_case(results, key, rows) for key, rows in cases.items()]


def gain(results: Results, ours: Summary, theirs: Summary) -> Interval | None:
    """Return how much better one model is than another, over the seeds of both; None where nothing pairs them."""
    others = {row["seed"]: row for row in theirs.runs}
    pairs = [(row, others[row["seed"]]) for row in ours.runs if row["seed"] in others]
    found = [_paired(results, *pair) for pair in pairs]
    known = [one for one in found if one is not None]
    if not known or len(known) < len(found):
        return None
    return over_runs(known, [mine for mine, _ in pairs])


def over_runs(found: Sequence[Interval], runs: Sequence[Row]) -> Interval:
    """Return the mean with its interval of what runs gave: seeds that share their test rows are averaged first.

    Folds of real data share training rows, and their interval is corrected for it; made-up data are drawn anew for each
    seed.
    """
    folds: dict[str, list[Interval]] = {}
    for one, row in zip(found, runs, strict=True):
        folds.setdefault(str(row.get("test_hash")), []).append(one)
    if len(folds) == 1:
        return over_seeds(found, same_rows=True)
    each = [Interval(*np.mean([astuple(one) for one in several], axis=0)) for several in folds.values()]
    return over_seeds(each, same_rows=False, overlap=float(np.mean([_overlap(row) for row in runs])))


def _overlap(row: Row) -> float:
    """Return the test rows over all that there are to train on; 0 where nothing is shared."""
    return 0.0 if row["synthetic"] else row["test_rows"] * row["share"] / max(1, row["train_rows"])


def ranks(cases: Sequence[CaseSummary]) -> dict[str, float]:
    """Return the mean rank over cases of the prior, the best classical model and the core's presets."""
    found: list[dict[str, float]] = []
    for case in cases if len(cases) > 1 else ():
        best = case.classical
        chosen = {one.label: one.better() for one in case.rungs if one.kind in ("prior", "core")}
        found.append(chosen | ({"best classical": best.better()} if best else {}))
    return mean_ranks(found)


def _case(results: Results, key: Key, rows: list[Row]) -> CaseSummary:
    models: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        models.setdefault(tuple(row.get(name) for name in _SAME), []).append(row)
    whole = max(row["share"] for row in rows)
    part = f", learned from {100 * whole:g} % of the training rows" if whole < 1 else ""
    found = sorted((_model(results, runs) for runs in models.values()), key=lambda one: ORDER.index(one.kind))
    found = _told_apart(found)
    case = CaseSummary(
        domain=key[0],
        case=key[1] + (f" (other data, {key[2] + 1})" if key[2] else ""),
        about=str(rows[0].get("about", "")) + part,
        synthetic=any(row["synthetic"] for row in rows),
        ceiling=_mean([row["ceiling"] for row in rows if row.get("ceiling") is not None and row["share"] == whole]),
        rungs=tuple(one for one in found if one.share == whole),
        curve=tuple(one for one in found if one.share < whole),
        results=results,
    )
    return _with_gains(case)


def _with_gains(case: CaseSummary) -> CaseSummary:
    best = case.classical
    if best is None:
        return case
    rungs = tuple(one if one is best else replace(one, gain=case.gain(one, best)) for one in case.rungs)
    return replace(case, rungs=rungs)


def _model(results: Results, runs: list[Row]) -> Summary:
    first = runs[0]
    failures = [row["error"] for row in results.failed if all(row.get(k) == first.get(k) for k in _SAME)]
    intervals = [Interval(*(_number(row[name]) for name in ("value", "low", "high"))) for row in runs]
    return Summary(
        **{name: first[name] for name in ("domain", "case", "model", "share")},
        label=first["label"],
        kind=first["kind"],
        quality=within(over_runs(intervals, runs), first["metric"]),
        metric=first["metric"],
        greater_is_better=first["greater_is_better"],
        runs=tuple(runs),
        failures=tuple(failures),
    )


_SAME = ("domain", "case", "model", "share", "init", "tune")
"""What runs of one line share; in joined results the settings that a search chose may be other ones for each seed."""


def _told_apart(found: list[Summary]) -> list[Summary]:
    """Return the models with labels of their own: with how they were trained, where only that tells them apart."""
    count = Counter((one.label, one.share) for one in found)
    return [one if count[one.label, one.share] == 1 else replace(one, label=_trained(one)) for one in found]


def _trained(one: Summary) -> str:
    init, tune = (one.runs[0].get(name) for name in ("init", "tune"))
    return f"{one.label} ({f'from {init}, ' if init else ''}{f'tuned for {tune}' if tune else 'not tuned'})"


def _paired(results: Results, ours: Row, theirs: Row) -> Interval | None:
    """Return the paired difference of two runs; None where their rows or metrics are not the same, or not kept."""
    if ours.get("test_hash") != theirs.get("test_hash") or ours["metric"] != theirs["metric"]:
        return None
    return results.difference(ours, theirs)


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
