"""What a study came to, as plain data."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ..config import to_dict
from ..metrics import Interval
from ..report.text import gain
from ..report.verdict import shown, signed
from .importance import Importances
from .space import Scalar

State = Literal["complete", "pruned", "stopped", "failed"]


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """One trial: `settings` are those that were searched, `changed` those that differ from the default.

    `value` is the main metric of a complete trial, and of another the best until its end; `share` is how much of its
    training it had.
    """

    number: int
    state: State
    value: float | None
    seconds: float
    share: float
    default: bool
    settings: dict[str, Scalar]
    changed: dict[str, Scalar]
    metrics: dict[str, float]
    reason: str | None = None


def ranked(trials: Sequence[TrialResult], *, greater_is_better: bool) -> list[TrialResult]:
    """Return the complete trials, the best first; of equals the earlier."""
    sign = -1 if greater_is_better else 1
    complete = [trial for trial in trials if trial.state == "complete"]
    return sorted(complete, key=lambda trial: (sign * (trial.value or 0.0), trial.number))


def counted(trials: Sequence[TrialResult]) -> str:
    """Return the number of trials in words.

    >>> counted([])
    '0 trials'
    """
    return f"{len(trials):,} trial{'' if len(trials) == 1 else 's'}"


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """The trials of a study in order, the best configuration, and what mattered.

    `difference` is how much better the best trial is than the default on the same validation rows (positive: better),
    with its paired 95 % interval; None where the default is the best, or has no outputs to compare.
    """

    domain: str
    preset: str
    data: str
    rows: int
    metric: str
    greater_is_better: bool
    best: TrialResult
    best_config: Any
    trials: tuple[TrialResult, ...]
    importances: Importances
    difference: Interval | None
    seconds: float
    ended: str
    folder: Path | None = None

    @property
    def default(self) -> TrialResult | None:
        """The trial of the default configuration, where it came to its end."""
        return next((trial for trial in self.trials if trial.default and trial.state == "complete"), None)

    def ranked(self) -> list[TrialResult]:
        """Return the complete trials, the best first; of equals the earlier."""
        return ranked(self.trials, greater_is_better=self.greater_is_better)

    def verdict(self) -> str:
        """Return the sentence that says whether the search was worth it."""
        trials, default, found = self.counted(), self.default, self.difference
        if self.best.default:
            return f"The best of {trials} is the default configuration: keep it."
        best = f"{self.metric} {shown(self.metric, self.best.value or 0.0)}"
        if default is None or default.value is None or found is None:
            return f"Trial {self.best.number} is the best of {trials}, {best}; the default could not be measured."
        against = f"{best} against {shown(self.metric, default.value)}"
        low, high = signed(self.metric, found.low), signed(self.metric, found.high)
        gap = f"{gain(self.metric, found.value)}, 95 % interval {low} to {high}"
        if found.low > 0:
            return f"Trial {self.best.number} beats the default configuration: {against} (better by {gap})."
        return (
            f"Trial {self.best.number} is not clearly better than the default configuration: {against} "
            f"(difference {gap})."
        )

    def caution(self) -> str:
        """Return what must be said of a best that was chosen on the rows that it is measured on."""
        if self.best.default:
            return ""
        return (
            f"The best of {self.counted()} on the same {self.rows:,} validation rows looks better than it is: "
            "measure on test rows before you rely on the difference."
        )

    def counted(self) -> str:
        """Return the number of trials in words."""
        return counted(self.trials)

    def command(self, data: str = "DATA", *options: str) -> str:
        """Return the command that trains with the best configuration."""
        config = str(self.folder / "best.toml") if self.folder else "best.toml"
        words = ["fourfold", self.domain, "train", data, *options, "--preset", self.preset, "--config", config]
        return shlex.join(words)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        whole = {name: value for name, value in vars(self).items() if name not in ("best_config", "importances")}
        plain = {
            name: asdict(value) if isinstance(value, TrialResult | Interval) else value for name, value in whole.items()
        }
        return plain | {
            "folder": str(self.folder) if self.folder else None,
            "trials": [asdict(trial) for trial in self.trials],
            "default": asdict(self.default) if self.default else None,
            "best_config": to_dict(self.best_config),
            "importances": asdict(self.importances),
            "verdict": self.verdict(),
            "caution": self.caution(),
        }
