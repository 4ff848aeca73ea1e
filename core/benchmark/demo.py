"""The demo: each domain's first embedded case, the classical baseline beside a tiny Transformer, and a prediction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..domains import Domain
from ..objectives import shown_input
from ..report import shown
from .case import Split
from .runner import Say
from .worker import fit, measure

_MODELS = ("linear", "tiny")
_SHOWN = 2


def run_demo(domains: Iterable[Domain], say: Say) -> list[dict[str, Any]]:
    """Train, measure and show all domains in this process; return the rows of the table."""
    rows = []
    for domain in domains:
        case = next(case for case in domain.load_cases() if case.needs is None)
        say(f"\n{domain.name}: {case.about}{' (synthetic)' if case.synthetic else ''}")
        split = case.load(0)
        for model in _MODELS:
            pipeline = fit(domain.name, case, model, 0, split)
            result = measure(domain.name, case, model, 0, split, pipeline)
            quality = f"{result.metric} {shown(result.metric, result.value)} on {result.test_rows} test rows"
            say(f"  {model}: {quality}, {result.train_seconds:.0f} s of training")
            rows.append(result.to_dict())
        _show(pipeline, split, say)
    return rows


def _show(pipeline: Any, split: Split, say: Say) -> None:
    """Say what the last model predicts for a few test rows, and what is true."""
    few = split.test.take(np.arange(_SHOWN))
    for row, answer in enumerate(pipeline(few)):
        assert few.labels is not None
        number = isinstance(answer.label, float)
        said = f"{answer.label:.2f}" if number else answer.label
        sure = f" ({answer.probability:.2f})" if answer.probability is not None and not number else ""
        what = shown_input(few.inputs, row) or few.place(row)
        say(f"  {what[:90]}\n    predicted {said}{sure}, true {few.labels[row]}")
