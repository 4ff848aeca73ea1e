"""A study as lines of plain text."""

from __future__ import annotations

from collections.abc import Mapping

from ..report.text import measured
from .result import TrialResult, Tuning
from .space import Scalar

BEST = 5


def trial_line(trial: TrialResult, metric: str) -> str:
    """Return what a person reads of a trial when it ends."""
    found = f"  {metric} {measured(metric, trial.value)}" if trial.value is not None else ""
    return f"trial {trial.number}  {outcome(trial)}{found}  {trial.seconds:.1f} s  {settings_text(trial)}"


def outcome(trial: TrialResult) -> str:
    """Return how a trial ended."""
    if trial.state == "failed":
        return f"failed: {trial.reason}"
    cut = {"pruned": "pruned", "stopped": "stopped by the budget"}
    return f"{cut[trial.state]} at {trial.share:.0%}" if trial.state in cut else trial.state


def settings_text(trial: TrialResult) -> str:
    """Return the settings that differ from the default.

    >>> assigned({"train.optimizer.lr": 0.002, "features.lowercase": False})
    'train.optimizer.lr=0.002 features.lowercase=False'
    """
    return "(the default)" if trial.default else assigned(trial.changed)


def assigned(settings: Mapping[str, Scalar]) -> str:
    """Return settings as a person would write them after `--set`."""
    return " ".join(f"{name}={value}" for name, value in settings.items())


def summary(tuning: Tuning) -> str:
    """Return the best trials, what mattered, and what it comes to."""
    return "\n\n".join(part for part in (_table(tuning), _mattered(tuning), _conclusion(tuning)) if part)


def _table(tuning: Tuning) -> str:
    best = tuning.ranked()[:BEST]
    if tuning.default and tuning.default not in best:
        best.append(tuning.default)
    rows = [("trial", tuning.metric, "seconds", "settings that differ from the default")]
    for trial in best:
        value = measured(tuning.metric, trial.value or 0.0)
        rows.append((str(trial.number), value, f"{trial.seconds:.1f}", settings_text(trial)))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    cells = [[cell.rjust(width) for cell, width in zip(row, widths, strict=False)] + [row[3]] for row in rows]
    return "\n".join("  ".join(row).rstrip() for row in cells)


def _mattered(tuning: Tuning) -> str:
    found = tuning.importances
    width = max(map(len, found.shares), default=0)
    lines = [f"  {name.ljust(width)}  {share:>4.0%}" for name, share in found.shares.items() if share >= 0.005]
    return "\n".join([f"what mattered: {found.sentence()}", *lines])


def _conclusion(tuning: Tuning) -> str:
    return "\n".join(filter(None, (tuning.verdict(), tuning.caution())))
