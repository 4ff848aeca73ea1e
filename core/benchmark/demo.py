"""The demo: the quick benchmark of all domains, and for each one predictions that a person can check by eye."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..domains import Domain
from ..objectives import shown_input
from .case import Case
from .command import PAGE, Wanted, bench, finish
from .folder import DEMO, Folder
from .runner import Say

_MODEL = "tiny"
_SHOWN = 2


def run_demo(domains: Iterable[Domain], out: Path, say: Say) -> None:
    """Run the benchmark into `out`, or go on with one that was broken off there; show predictions, name the page."""
    domains = list(domains)
    going_on = not (out / PAGE).exists()
    folder = Folder.open(out, resume=going_on, force=not going_on, by=DEMO)
    cases = {domain.name: case for domain in domains if (case := embedded_case(domain)) is not None}
    names = tuple(case.name for case in cases.values())
    results = bench(Wanted(domains=tuple(cases), cases=names, keep=True), folder, say, DEMO)
    for domain in domains:
        if domain.name in cases:
            _show(domain, cases[domain.name], folder, say)
    say("")
    finish(results, folder.path, as_json=False, say=say)


def embedded_case(domain: Domain) -> Case | None:
    """Return the domain's case that needs no data."""
    return next((case for case in domain.load_cases() if case.needs is None), None)


def _show(domain: Domain, case: Case, folder: Folder, say: Say) -> None:
    """Say what the domain's tiny model predicts, as the domain shows it, or for a few test rows."""
    place = folder.path / "models" / f"{domain.name}-{case.name}-{_MODEL}"
    say(f"\n{domain.name}: what the model {_MODEL} predicts")
    if not place.is_dir():
        say("  it was not trained; the table says why")
        return
    show = domain.load_extra("show") or (lambda model, folder: _few(model, case))
    for line in show(domain.load_pipeline().load(place), folder.path):
        say(f"  {line}")


def _few(model: Any, case: Case) -> Iterator[str]:
    """Yield a few test rows with what is predicted and what is true."""
    few = case.load(0).test
    few = few.take(np.arange(min(_SHOWN, len(few))))
    assert few.labels is not None
    for row, answer in enumerate(model(few)):
        said = f"{answer.label:.2f}" if isinstance(answer.label, float) else answer.label
        yield f"{(shown_input(few.inputs, row) or few.place(row))[:90]}: {said}, true {few.labels[row]}"
