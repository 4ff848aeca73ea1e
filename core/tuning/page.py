"""One offline HTML page of a study, in the style of the report."""

from __future__ import annotations

from collections.abc import Sequence

from ..report import text
from ..report.page import environment, resource, strip_of
from .plots import best_so_far, clouds
from .result import TrialResult, Tuning
from .text import assigned, outcome

STATUS = {
    "good": "Better than the default",
    "unclear": "Not clearly better than the default",
    "kept": "The default is the best",
    "unknown": "Not compared with the default",
}


def render(tuning: Tuning) -> str:
    """Return the page; whatever names and values hold is escaped."""
    template = environment().from_string(resource("page.html", str(__package__)))
    return template.render(
        t=tuning,
        css=resource("page.css") + resource("page.css", str(__package__)),
        status=_status(tuning),
        statuses=STATUS,
        strip=strip_of(tuning.difference),
        counts=_counts(tuning.trials),
        figures=[plot for plot in (best_so_far(tuning), *clouds(tuning)) if plot],
        ordered=_ordered(tuning),
        assigned=assigned,
        outcome=outcome,
        measured=text.measured,
        number=text.number,
    )


def _status(tuning: Tuning) -> str:
    if tuning.best.default:
        return "kept"
    if tuning.difference is None:
        return "unknown"
    return "good" if tuning.difference.low > 0 else "unclear"


def _counts(trials: Sequence[TrialResult]) -> str:
    """Return how the trials ended.

    >>> _counts([])
    ''
    """
    words = {"complete": "complete", "pruned": "pruned", "stopped": "stopped by the budget", "failed": "failed"}
    counted = {state: sum(trial.state == state for trial in trials) for state in words}
    return ", ".join(f"{count} {words[state]}" for state, count in counted.items() if count)


def _ordered(tuning: Tuning) -> list[TrialResult]:
    """Return the complete trials, the best first, then the others in their order."""
    best = tuning.ranked()
    return best + [trial for trial in tuning.trials if trial not in best]
