"""Over seeds and cases: means with intervals, differences that are paired, ranks, and what counts as no worse."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ..metrics import Interval

MARGINS = {
    "accuracy": 0.01, "macro_f1": 0.01, "micro_f1": 0.01, "f1": 0.01, "roc_auc": 0.005, "wer": 0.01, "cer": 0.01,
    "log_loss": 0.01,
}  # fmt: skip
"""By how much a model may be worse than another and still be called no worse (non-inferior)."""

_SHARE, _ERROR = (0.0, 1.0), (0.0, math.inf)

_BOUNDS = {
    "accuracy": _SHARE, "f1": _SHARE, "macro_f1": _SHARE, "micro_f1": _SHARE, "roc_auc": _SHARE, "gauc": _SHARE,
    "conversion_roc_auc": _SHARE, "click_conversion_roc_auc": _SHARE, "ndcg_at_10": _SHARE, "recall_at_10": _SHARE,
    "ece": _SHARE, "log_loss": _ERROR, "click_conversion_log_loss": _ERROR, "normalised_entropy": _ERROR,
    "rmse": _ERROR, "mae": _ERROR, "wer": _ERROR, "cer": _ERROR,
    "r2": (-math.inf, 1.0), "pearson": (-1.0, 1.0), "spearman": (-1.0, 1.0),
}  # fmt: skip
"""The least and the most that each metric of the domains can be."""

_OTHER_MARGIN = 0.02
"""The margin of other metrics, as a share of the value."""


def margin_of(metric: str, value: float) -> float:
    """Return the margin of non-inferiority: a fixed one for the usual metrics, else 2 % of the value.

    >>> margin_of("accuracy", 0.9), margin_of("rmse", 50.0)
    (0.01, 1.0)
    """
    return MARGINS.get(metric, _OTHER_MARGIN * abs(value))


def non_inferior(difference: Interval, margin: float) -> bool:
    """Say whether a model is no worse than another by the margin, at the level of the interval.

    `difference` is how much better it is (positive: better): its lower end must lie above −margin.

    >>> non_inferior(Interval(-0.002, -0.008, 0.004), 0.01), non_inferior(Interval(0.0, -0.02, 0.02), 0.01)
    (True, False)
    """
    return bool(difference.low > -margin)


def over_seeds(runs: Sequence[Interval], *, same_rows: bool, overlap: float = 0.0) -> Interval:
    """Return the mean over runs with a 95 % interval for the two things that chance decides: the seed and the rows.

    The seeds' part is Student's t over the runs' values; the rows' part, where all runs were measured on the same test
    rows (`same_rows`), is the mean of the runs' own reaches, added as independent errors are (the root of the sum of
    squares). Where each run has test rows of its own, as folds do, the scatter of the values holds the rows' chance,
    too; but folds that share training rows are no independent runs. `overlap`, their test rows over their training
    rows, widens the interval: the variance of the mean is (1/k + overlap) times that of the values (Nadeau and Bengio,
    "Inference for the Generalization Error", Machine Learning 52, 2003), which is a heuristic. One run keeps its own
    interval.

    >>> over_seeds([Interval(0.9, 0.88, 0.92)], same_rows=True)
    Interval(value=0.9, low=0.88, high=0.92)
    """
    values = np.array([run.value for run in runs], dtype=np.float64)
    if len(runs) == 1:
        return runs[0]
    mean, seeds = float(values.mean()), _reach_of_t(values, overlap)
    below = above = 0.0
    if same_rows:
        below = float(np.mean([run.value - run.low for run in runs]))
        above = float(np.mean([run.high - run.value for run in runs]))
    return Interval(mean, mean - math.hypot(seeds, below), mean + math.hypot(seeds, above))


def within(interval: Interval, metric: str) -> Interval:
    """Return an interval without what the metric cannot be: symmetric reaches know no ends.

    That of a metric whose ends are not known is left as it is.

    >>> within(Interval(0.99, 0.97, 1.01), "accuracy")
    Interval(value=0.99, low=0.97, high=1.0)
    >>> within(Interval(35.2, 33.0, 37.0), "bleu")
    Interval(value=35.2, low=33.0, high=37.0)
    """
    least, most = _BOUNDS.get(metric, (-math.inf, math.inf))
    return Interval(interval.value, max(interval.low, least), min(interval.high, most))


def mean_ranks(cases: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean rank of each model over cases, 1 for the best; ties share. Each case maps models to their
    quality, the greater the better; only models that every case has are ranked.

    >>> mean_ranks([{"tiny": 0.9, "prior": 0.5}, {"tiny": 0.8, "prior": 0.8}])
    {'tiny': 1.25, 'prior': 1.75}
    """
    from scipy.stats import rankdata

    shared = [name for name in cases[0] if all(name in case for case in cases)] if cases else []
    if len(shared) < 2:
        return {}
    ranks = np.mean([rankdata([-case[name] for name in shared]) for case in cases], axis=0)
    return dict(sorted(zip(shared, map(float, ranks), strict=True), key=lambda pair: pair[1]))


def _reach_of_t(values: np.ndarray, overlap: float) -> float:
    """Return half the width of Student's 95 % interval for the mean, its variance corrected for what runs share."""
    from scipy.special import stdtrit

    return float(stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) * math.sqrt(1 / len(values) + overlap))
