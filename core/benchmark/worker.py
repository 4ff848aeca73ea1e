"""One benchmark run, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path

from ..batch import Examples
from ..config import override
from ..domains import domain as find_domain
from ..errors import ConfigError, DoesNotFit, FourfoldError, TrainingError
from ..tuning.space import nested
from .case import Case, Split
from .energy import Energy, measured
from .job import Job
from .ladder import LINEAR, Rung, rungs
from .manifest import manifest
from .measuring import build, fit, measure, part_of
from .row import Result, Row

__all__ = ["fit", "run", "search", "serve", "serve_search", "work"]


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
    if settings := job.found.get("settings", {}):
        pipeline.set_params(config=override(pipeline.config, nested(settings)))
    with measured() as energy:
        pipeline.fit(split.train, valid=split.valid)
    found = measure(job.head | {"settings": settings}, case, split, pipeline, energy, rows, job.found.get("note", ""))
    if model is not None and not model.exists():
        pipeline.save(model)
    return found


def search(job: Job, case: Case) -> Row:
    """Search settings for the time that every rung has, on the rows that the job's seed holds out; return the
    `settings` that differ from the preset's, and a `note` of how it went."""
    from ..training import Interrupted

    if job.rung.model == LINEAR:
        return {"settings": {}, "note": "not tuned: there is nothing to search"}
    split = case.load(job.seed)
    pipeline = build(job.domain, case, job.rung.model, job.seed, job.init)
    try:
        found = pipeline.tune(split.train, valid=split.valid, budget=job.tune)
    except Interrupted:
        raise
    except (ConfigError, TrainingError) as error:
        return {"settings": {}, "note": f"not tuned: {error}"}
    note = f"tuned on seed {job.seed}: {found.counted()} in {found.seconds:.0f} s"
    return {"settings": dict(found.best.changed), "note": note}


def serve(text: str, rows: str, model: str, environment: Mapping[str, str], log: str, answer: Connection) -> None:
    """Do a job in this process, which was forked for it, and send the row as JSON; what is printed goes to `log`."""

    def done(job: Job, case: Case) -> Row:
        return work(job, case, Path(rows), Path(model) if model else None).to_dict()

    _serve(done, text, environment, log, answer)


def serve_search(text: str, environment: Mapping[str, str], log: str, answer: Connection) -> None:
    """Search the settings of a job as `serve` does it, and send them."""
    _serve(lambda job, case: search(job, case) | {"manifest": manifest()}, text, environment, log, answer)


def _serve(
    does: Callable[[Job, Case], Row], text: str, environment: Mapping[str, str], log: str, answer: Connection
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it, and ends this process
    os.environ.update(environment)
    with Path(log).open("w", encoding="utf-8") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno() if hasattr(stream, "fileno") else 2)
        answer.send(json.dumps(_answered(does, Job.from_json(text))))


def _answered(does: Callable[[Job, Case], Row], job: Job) -> Row:
    from ..report import plain_json
    from .custom import find_case

    try:
        row: Row = json.loads(plain_json(does(job, find_case(job))))
        return row
    except DoesNotFit as error:
        return {"skipped": str(error)}
    except FourfoldError as error:
        traceback.print_exc()
        return {"error": str(error)}
    except Exception as error:
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}".splitlines()[0]}


def _measure_run(job: Job, case: Case, rows: Path | None) -> Result:
    """Measure a trained model of the user's own on the case's data."""
    pipeline = find_domain(job.domain).load_pipeline().load(case.run)
    test: Examples = case.load(job.seed).test
    empty = test.take([])  # type: ignore[arg-type]
    split = Split(empty, test)
    return measure(job.head, case, split, pipeline, Energy(0.0, "not measured: it was trained before"), rows)
