"""From Optuna's trials to results; what a trial is beside its parameters lies in its user attributes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .importance import Importances, importances
from .result import State, TrialResult
from .space import Scalar

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


def is_counted(trial: FrozenTrial) -> bool:
    """Whether a trial has ended and stands for itself: cut off ones are done again, repeated ones were before."""
    attributes = trial.user_attrs
    if not trial.state.is_finished() or "same_as" in attributes:
        return False
    return trial.state.name != "FAIL" or "reason" in attributes


def seconds_of(trial: FrozenTrial) -> float:
    """Return the seconds that a trial took, or had taken when it was last heard of."""
    return float(trial.user_attrs.get("cost", (0.0, 0.0))[0])


def results(trials: Sequence[FrozenTrial], flat: Mapping[str, Scalar]) -> tuple[TrialResult, ...]:
    """Return the trials that count; `flat` holds the default settings."""
    return tuple(_result(trial, flat) for trial in trials if is_counted(trial))


def _result(trial: FrozenTrial, flat: Mapping[str, Scalar]) -> TrialResult:
    attributes = trial.user_attrs
    settings: dict[str, Scalar] = attributes.get("settings", {})
    return TrialResult(
        number=trial.number,
        state=_state(trial),
        value=_value(trial),
        seconds=seconds_of(trial),
        share=attributes.get("cost", (0.0, 0.0))[1],
        default=attributes.get("default", False),
        settings=settings,
        changed={name: value for name, value in settings.items() if flat[name] != value},
        metrics=attributes.get("metrics", {}),
        reason=attributes.get("reason"),
    )


def _state(trial: FrozenTrial) -> State:
    if trial.state.name == "COMPLETE":
        return "complete"
    if trial.state.name == "PRUNED":
        return "stopped" if trial.user_attrs.get("stopped") else "pruned"
    return "failed"


def _value(trial: FrozenTrial) -> float | None:
    """Return the value of a complete trial, else the last that was reported, which is the best until then."""
    if trial.state.name == "COMPLETE":
        return trial.value
    reported: Any = trial.intermediate_values[trial.last_step] if trial.last_step is not None else None
    return reported if reported is not None and math.isfinite(reported) else None


def what_mattered(trials: Sequence[FrozenTrial]) -> Importances:
    """Return the importances over the complete and the pruned trials; those that time stopped say little."""
    judged = [trial for trial in trials if is_counted(trial) and _state(trial) in ("complete", "pruned")]
    known = [(trial, value) for trial in judged if (value := _value(trial)) is not None]
    return importances([trial for trial, _ in known], [value for _, value in known])
