"""What mattered: how much of the order of the trials each setting explains.

From `FANOVA_TRIALS` trials on by fANOVA (Hutter, Hoos and Leyton-Brown, 2014), before that by rank correlation, which
sees one setting at a time and asks less of the data. Both look at ranks, so that a trial that went astray is the last
and no more; a pruned trial counts with what it had reached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

FANOVA_TRIALS = 24
FEWEST_TRIALS = 5

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Importances:
    """How much of the order of the trials each setting explains, the largest first.

    The shares of fANOVA sum to 1; by rank correlation each is what the setting explains alone.
    """

    method: Literal["fANOVA", "rank correlation", "none"]
    trials: int
    shares: dict[str, float]

    def sentence(self) -> str:
        """Say how they were found, and how far to trust them."""
        if self.method == "none" and self.trials >= FEWEST_TRIALS:
            return f"All {self.trials} trials came to the same value: nothing mattered."
        if self.method == "none":
            return f"Trials with a value: {self.trials}, too few to say what mattered; it takes {FEWEST_TRIALS}."
        if self.method == "fANOVA":
            return f"By fANOVA over the ranks of {self.trials} trials."
        return f"By rank correlation over {self.trials} trials; a hint, no more, from so few."


def importances(trials: Sequence[FrozenTrial], values: Sequence[float]) -> Importances:
    """Return how much of the order of `values` each parameter of the trials explains."""
    ranks = _ranks(np.asarray(values, dtype=np.float64)) if trials else np.zeros(0)
    if len(trials) < FEWEST_TRIALS or len(set(ranks)) < 2:
        return Importances("none", len(trials), {})
    if len(trials) >= FANOVA_TRIALS:
        return Importances("fANOVA", len(trials), _fanova(trials, ranks))
    found = rank_shares([trial.params for trial in trials], ranks)
    return Importances("rank correlation", len(trials), found)


def rank_shares(rows: Sequence[Mapping[str, Any]], values: npt.NDArray[Any]) -> dict[str, float]:
    """Return how much of the variance of the ranks each setting explains alone.

    For numbers that is the square of Spearman's correlation, for other options the ratio of the variance between them;
    either is lowered by what chance would explain, and never below 0.

    >>> rows = [{"lr": lr, "kind": kind} for lr, kind in zip([1, 2, 3, 4, 5, 6], "abbaab")]
    >>> rank_shares(rows, np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]))
    {'lr': 1.0, 'kind': 0.0}
    """
    ranks = _ranks(np.asarray(values, dtype=np.float64))
    found = {name: _explained([row[name] for row in rows], ranks) for name in rows[0]}
    return dict(sorted(found.items(), key=lambda share: -share[1]))


def _explained(column: list[Any], ranks: Floats) -> float:
    count = len(ranks)
    whole = ((ranks - ranks.mean()) ** 2).sum()
    if whole == 0 or len(set(column)) < 2:
        return 0.0
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in column):
        groups, share = 2, float(np.corrcoef(_ranks(np.asarray(column, dtype=np.float64)), ranks)[0, 1] ** 2)
    else:
        options = sorted(set(map(str, column)))
        parts = [ranks[[str(value) == option for value in column]] for option in options]
        between = sum(len(part) * (part.mean() - ranks.mean()) ** 2 for part in parts)
        groups, share = len(options), float(between / whole)
    if count <= groups:
        return 0.0
    return min(1.0, max(0.0, 1 - (1 - share) * (count - 1) / (count - groups)))


def _ranks(values: Floats) -> Floats:
    from scipy.stats import rankdata

    return np.asarray(rankdata(values), dtype=np.float64)


def _fanova(trials: Sequence[FrozenTrial], ranks: Floats) -> dict[str, float]:
    import optuna

    study = optuna.create_study()
    for trial, rank in zip(trials, ranks.tolist(), strict=True):
        study.add_trial(optuna.create_trial(params=trial.params, distributions=trial.distributions, value=rank))
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    shares = {name: float(value) for name, value in found.items()}
    return dict(sorted(shares.items(), key=lambda share: -share[1]))
