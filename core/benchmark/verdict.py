"""The sentence that a case comes to: which rung to ship."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from ..metrics import Interval
from ..report import shown
from ..report.text import gain as gap
from ..report.verdict import PERCENT, says_nothing
from .results import Results
from .row import Row
from .statistics import margin_of, non_inferior
from .summary import CaseSummary, Summary, summaries

Status = Literal["classical", "transformer", "none"]


@dataclass(frozen=True)
class Verdict:
    """Which rung to ship, None where there is nothing to choose, and why."""

    ship: Summary | None
    status: Status
    sentence: str


def verdict(case: CaseSummary) -> Verdict:
    """Climb the ladder: begin with the best classical model, and go up only to what is clearly better.

    Clearly is: the 95 % interval of the paired difference lies above zero. A model that is not clearly better than a
    simpler one is not shipped, whatever its mean; where it is the best by its mean, that is told, and whether the one
    that is shipped is no worse by the metric's margin (non-inferior).
    """
    rungs = [one for one in case.rungs if one.kind != "prior"]
    trained = [one for one in rungs if one.kind in ("core", "pretrained")]
    prior = next((one for one in case.rungs if one.kind == "prior"), None)
    start = case.classical or next(iter(trained), None)
    if start is None:
        measured = "no rung of the ladder" if any(one is not prior for one in case.rungs) else "the prior alone"
        return Verdict(None, "none", f"Nothing to choose between: {measured} was measured.")
    chosen, beaten = start, None
    for one in trained:
        found = case.gain(one, chosen) if one is not chosen else None
        if found is not None and found.low > 0:
            chosen, beaten = one, (chosen if beaten is None else beaten)
    if prior is not None and not _clearly(case, chosen, prior):
        value = shown(chosen.metric, chosen.quality.value)
        return Verdict(None, "none", f"Ship nothing yet: no rung is clearly better than {prior.label} ({value}).")
    if says_nothing(chosen.metric, chosen.quality.value):
        told = f"{chosen.metric} {shown(chosen.metric, chosen.quality.value)} of {chosen.label}"
        return Verdict(None, "none", f"Ship nothing yet: {told}, where saying nothing has 100.0 %.")
    return Verdict(
        chosen, "classical" if chosen.kind == "classical" else "transformer", _sentence(case, chosen, trained)
    )


def conclusions(results: Results) -> list[Row]:
    """Return for each case its rungs over the seeds and its verdict, as plain values."""
    return [_conclusion(case) for case in summaries(results) if case.rungs]


def _conclusion(case: CaseSummary) -> Row:
    found, best = verdict(case), case.classical
    return {
        "domain": case.domain, "case": case.case, "about": case.about, "synthetic": case.synthetic,
        "ceiling": case.ceiling, "ship": found.ship.model if found.ship else None, "verdict": found.sentence,
        "ship_label": found.ship.label if found.ship else None, "classical_label": best.label if best else None,
        "classical": best.model if best else None, "rungs": [_rung(one) for one in (*case.rungs, *case.curve)],
    }  # fmt: skip


def _rung(one: Summary) -> Row:
    return {
        "model": one.model, "label": one.label, "kind": one.kind, "share": one.share, "metric": one.metric,
        "greater_is_better": one.greater_is_better,
        "seeds": one.seeds, "quality": asdict(one.quality), "gain": asdict(one.gain) if one.gain else None,
        "command": one.command, "alone": one.alone, "failures": list(one.failures),
        **{name: one.cost(name) for name in _COSTS},
    }  # fmt: skip


_COSTS = (
    "train_seconds", "train_rows_per_second", "predict_rows_per_second", "latency_p50_ms", "latency_p95_ms",
    "memory_mb", "parameters", "size_mb", "energy_joules",
)  # fmt: skip


def _sentence(case: CaseSummary, chosen: Summary, trained: list[Summary]) -> str:
    metric, value = chosen.metric, shown(chosen.metric, chosen.quality.value)
    classical = case.classical
    if chosen is classical:
        return _stays(case, chosen, trained)
    text = f"Ship {chosen.label}: {metric} {value}"
    if classical is not None:
        found = case.gain(chosen, classical)
        against = f" against {shown(metric, classical.quality.value)} of {classical.label}"
        text += against + (f" ({_gap(metric, found)})" if found else "")
    return text + "." + _others(case, chosen, trained)


def _stays(case: CaseSummary, chosen: Summary, trained: list[Summary]) -> str:
    """Say that a classical model wins, against what, and whether it is no worse where it is not clearly better."""
    metric, name, value = chosen.metric, chosen.label, shown(chosen.metric, chosen.quality.value)
    if not trained:
        return f"Ship {name}: {metric} {value}; no Transformer was measured."
    best = max(trained, key=Summary.better)
    found, theirs = case.gain(best, chosen), shown(metric, best.quality.value)
    if found is None:
        return f"Ship {name}, the simpler one: {metric} {value}; nothing pairs it with {best.label} ({theirs})."
    if found.high < 0:
        return f"Ship {name}: {metric} {value} against {theirs} of {best.label} ({_gap(metric, found)})."
    evidence = f"{metric} {theirs} against {value} ({_gap(metric, found)})"
    text = f"Ship {name}, the simpler one: {best.label} is not clearly better, {evidence}"
    return text + _no_worse(case, chosen, best)


def _others(case: CaseSummary, chosen: Summary, trained: list[Summary]) -> str:
    """Say what is the best by its mean, where that is another, and whether the one to ship is no worse."""
    best = max(trained, key=Summary.better)
    if best is chosen:
        return ""
    ahead = shown(chosen.metric, best.quality.value)
    text = f" {_capital(best.label)} is ahead by its mean, {ahead}, but not clearly"
    return text + _no_worse(case, chosen, best)


def _no_worse(case: CaseSummary, chosen: Summary, best: Summary) -> str:
    """Say whether the one to ship is no worse than another by the metric's margin (non-inferior)."""
    found, margin = case.gain(chosen, best), margin_of(chosen.metric, chosen.quality.value)
    told = _margin(chosen.metric, margin)
    if found is not None and non_inferior(found, margin):
        return f": {chosen.label} is no worse by the margin of {told} (non-inferior)."
    return f"; that {chosen.label} is no worse by the margin of {told} is not shown either."


def _clearly(case: CaseSummary, ours: Summary, theirs: Summary) -> bool:
    found = case.gain(ours, theirs)
    if found is not None:
        return found.low > 0
    low, high = (ours, theirs) if ours.greater_is_better else (theirs, ours)
    return low.quality.low > high.quality.high


def _gap(metric: str, found: Interval) -> str:
    unit = " points" if metric in PERCENT else ""
    low, high = (gap(metric, end).removesuffix(" points") for end in (found.low, found.high))
    return f"{gap(metric, found.value).removesuffix(' points')}{unit}, 95 % interval {low} to {high}"


def _margin(metric: str, margin: float) -> str:
    if metric not in PERCENT:
        return f"{margin:g}"
    return f"{100 * margin:g} point{'' if margin == 0.01 else 's'}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
