"""One benchmark run, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ..batch import Examples
from ..domains import domain as find_domain
from ..errors import FourfoldError
from .case import Case, Split
from .energy import Energy, measured
from .job import Job
from .ladder import LINEAR, Rung, rungs
from .measuring import DoesNotFitError, build, fit, fitted, measure, part_of, shared_note
from .row import Result, Row

__all__ = ["fit", "run", "serve", "work"]


def run(domain: str, case: Case, model: str, seed: int, init: str | None = None) -> Result:
    """Load the case, train the model, measure it on the test rows, and return the row."""
    known = {rung.model: rung for rung in rungs(find_domain(domain), init)}
    rung = known.get(model, Rung(model=model, label=model, kind="core"))
    return work(Job(domain=domain, case=case.name, rung=rung, seed=seed, init=init), case)


def work(job: Job, case: Case, rows: Path | None = None, model: Path | None = None) -> Result:
    """Do a job; its statistic is kept in `rows`, and the trained model in `model`, where they are given."""
    if case.run is not None:
        return _measure_run(job, case, rows)
    split = part_of(case.load(job.seed), job.share, job.seed)
    pipeline = build(job.domain, case, job.rung.model, job.seed, job.init)
    settings, note = _tuned(job, pipeline, split) if job.tune else ({}, "")
    with measured() as energy:
        fitted(pipeline, job.rung.model, split)
    notes = [note, "" if pipeline.classical else shared_note(pipeline)]
    found = measure(
        job.head | {"settings": settings}, case, split, pipeline, energy, rows, "; ".join(filter(None, notes))
    )
    if model is not None and not model.exists():
        pipeline.save(model)
    return found


def serve(text: str, rows: str, model: str, environment: Mapping[str, str], log: str, answer: Connection) -> None:
    """Do a job in this process, which was forked for it, and send the row as JSON; what is printed goes to `log`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it, and ends this process
    os.environ.update(environment)
    with Path(log).open("w", encoding="utf-8") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno() if hasattr(stream, "fileno") else 2)
        answer.send(json.dumps(_answered(Job.from_json(text), Path(rows), Path(model) if model else None)))


def _answered(job: Job, rows: Path, model: Path | None) -> Row:
    from ..report import plain_json
    from .custom import find_case

    try:
        row: Row = json.loads(plain_json(work(job, find_case(job), rows, model).to_dict()))
        return row
    except DoesNotFitError as error:
        return {"skipped": str(error)}
    except FourfoldError as error:
        traceback.print_exc()
        return {"error": str(error)}
    except Exception as error:
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}".splitlines()[0]}


def _tuned(job: Job, pipeline: Any, split: Split) -> tuple[dict[str, Any], str]:
    """Search settings for the time that every rung has, and put the best into the pipeline; return what differs."""
    from ..errors import ConfigError, TrainingError
    from ..training import Interrupted

    if job.rung.model == LINEAR or job.rung.kind == "prior":
        return {}, "not tuned: there is nothing to search"
    try:
        found = pipeline.tune(split.train, valid=split.valid, budget=job.tune)
    except Interrupted:
        raise
    except (ConfigError, TrainingError) as error:
        return {}, f"not tuned: {error}"
    pipeline.set_params(config=found.best_config)
    return dict(found.best.changed), f"tuned: {found.counted()} in {found.seconds:.0f} s"


def _measure_run(job: Job, case: Case, rows: Path | None) -> Result:
    """Measure a trained model of the user's own on the case's data."""
    pipeline = find_domain(job.domain).load_pipeline().load(case.run)
    test: Examples = case.load(job.seed).test
    empty = test.take([])  # type: ignore[arg-type]
    split = Split(empty, test)
    return measure(job.head, case, split, pipeline, Energy(0.0, "not measured: it was trained before"), rows)
