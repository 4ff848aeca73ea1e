"""`tune`: from a pipeline and its rows to the best configuration, with the study in a folder."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..cache import user_cache
from ..config import to_dict
from ..errors import FourfoldError, Interrupted, MissingPackage, NoTrial, Unsupported
from ..files import write_text
from ..report import plain_json
from ..training import budget_seconds
from ..training.guards import noted_signals
from .folder import Folder, open_folder
from .job import Job, Rows, Search, prepare
from .result import TrialResult, Tuning, counted, ranked
from .study import Study
from .toml import to_toml
from .trials import what_mattered

if TYPE_CHECKING:
    from ..pipeline import Pipeline

BUDGET = "30m"
"""The budget of a study that is given neither a budget nor a number of trials."""


def tune(pipeline: Pipeline, rows: Rows, out: Path | None, budget: str | None, search: Search) -> Tuning:
    """Search the pipeline's space on the rows for at most `budget`; the study lies in `out`, or nowhere.

    Raises ConfigError, DataError or ArtifactError before anything is written; TrainingError where no trial came to its
    end, Interrupted where a signal was the reason.
    """
    _need_optuna()
    _refuse_ranks()
    budget = budget or (None if search.trials else BUDGET)
    seconds = budget_seconds(budget) if budget else float("inf")
    job = prepare(pipeline, rows, search)
    say = _speaker(verbose=pipeline.verbose)
    with _folder(job, out, resume=search.resume) as folder, _quiet_optuna(), noted_signals() as stopped:
        if search.resume and folder.fresh:
            say(f"{folder.path}: nothing to resume; the study starts afresh")
        study = Study(job, folder, stopped, say)
        try:
            ended = study(seconds, search.trials)
            say(f"{ended}: {counted(study.results())}, {study.spent():.0f} s")
            tuning = _conclude(study, ended, stopped())
        finally:
            study.close()
        if out is None:
            return replace(tuning, folder=None)
        _write(tuning, folder.path)
        return tuning


def _conclude(study: Study, ended: str, number: int) -> Tuning:
    trials, job = study.results(), study.job
    order = ranked(trials, greater_is_better=job.greater_is_better)
    if not order:
        raise _nothing(trials, study.folder.path, number)
    best, default = order[0], next((trial for trial in order if trial.default), None)
    return Tuning(
        domain=job.pipeline.domain,
        preset=job.pipeline.kind,
        data=job.train.name,
        rows=len(job.held_out),
        metric=job.metric,
        greater_is_better=job.greater_is_better,
        best=best,
        best_config=job.config if best.default else job.changed(best.settings),
        trials=trials,
        importances=what_mattered(study.trials()),
        difference=study.difference(best.number, default.number) if default else None,
        seconds=round(study.spent(), 3),
        ended=ended,
        folder=study.folder.path,
    )


def _nothing(trials: tuple[TrialResult, ...], path: Path, number: int) -> FourfoldError:
    """Return the error of a study in which no trial came to its end."""
    if number:
        name = signal.Signals(number).name
        return Interrupted(f"{path}: stopped by {name} before a trial came to its end; go on with --resume", number)
    failed = [trial.reason for trial in trials if trial.state == "failed"]
    if failed:
        return NoTrial(f"{path}: no trial came to its end; the last that failed: {failed[-1]}")
    return NoTrial(f"{path}: no trial came to its end in the budget; go on with --resume and a longer --budget")


def _write(tuning: Tuning, folder: Path) -> None:
    """Write what a person takes from the study: the best configuration, the trials as lines of JSON, the page."""
    from .page import render

    head = f"# The best of {tuning.counted()}, number {tuning.best.number}: {tuning.command()}\n"
    write_text(folder / "best.toml", f"{head}\n{to_toml(to_dict(tuning.best_config))}\n")
    lines = [plain_json(asdict(trial)) for trial in tuning.trials]
    write_text(folder / "trials.jsonl", "".join(line + "\n" for line in lines))
    write_text(folder / "tune.html", render(tuning))


@contextlib.contextmanager
def _folder(job: Job, out: Path | None, *, resume: bool) -> Iterator[Folder]:
    with contextlib.ExitStack() as stack:
        path = out or stack.enter_context(contextlib.closing(user_cache().scratch())).folder / "study"
        folder = open_folder(path, json.loads(json.dumps(job.identity())), resume=resume)
        stack.callback(folder.close)
        yield folder


def _need_optuna() -> None:
    try:
        importlib.import_module("optuna")
    except ImportError:
        raise MissingPackage("tune: Optuna is not installed; pip install 'fourfold[tune]'") from None


def _refuse_ranks() -> None:
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise Unsupported("tune: a study is one process; start it without torchrun")


@contextlib.contextmanager
def _quiet_optuna() -> Iterator[None]:
    """Keep Optuna's own lines away while a study runs."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def _speaker(*, verbose: bool) -> Callable[[str], None]:
    return (lambda message: print(message, file=sys.stderr)) if verbose else (lambda message: None)
