"""Trainings in processes forked from one that has imported everything: each begins at once, and can be killed."""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing import forkserver
from typing import Any

from killing import Job, Step, result, steps_of, train
from torchrun import free_port

PATIENCE = 600.0
"""Seconds that a process may take: the machine may be busy with others."""

_context = multiprocessing.get_context("forkserver")


def process(target: Callable[..., None], *arguments: Any) -> Any:
    """Return a process that has yet to be started."""
    _start_server()
    return _context.Process(target=target, args=arguments)


@functools.cache
def _start_server() -> None:
    """Start what all processes are forked from; Python 3.11 has it look for its modules in PYTHONPATH alone."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    _context.set_forkserver_preload(["killing"])
    forkserver.ensure_running()
    os.environ.pop("PYTHONPATH") if before is None else os.environ.update(PYTHONPATH=before)


@dataclass(frozen=True)
class Whole:
    """A training that nobody stopped: what it left, its steps by rank, its seconds, and its changes on the disk."""

    job: Job
    result: dict[str, Any]
    steps: list[list[Step]]
    seconds: float
    changes: int


def trained(job: Job) -> Whole:
    """Train to the end."""
    job.place.mkdir(parents=True, exist_ok=True)
    first = process(os.getpid)
    first.start()
    first.join()  # by now the server has imported everything
    start = time.monotonic()
    assert run(job) == [0] * job.ranks
    seconds = time.monotonic() - start
    assert said(job)["error"] is None, said(job)
    steps = [steps_of(one.trace) for one in of_ranks(job)]
    return Whole(job, result(job), steps, seconds, said(job)["changes"])


def said(job: Job) -> dict[str, Any]:
    """Return how a training ended that was not killed."""
    found: dict[str, Any] = json.loads(job.said.read_text())
    return found


def of_ranks(job: Job) -> list[Job]:
    """Return the job of each rank."""
    return [replace(job, rank=rank) for rank in range(job.ranks)]


def run(
    job: Job, kill_after: float | None = None, first: int = 0, work: Callable[[Job], None] = train
) -> list[int | None]:
    """Do the `work` in a process for each rank; return the exit codes.

    Where `kill_after` says so many seconds, the `first` rank is killed by then and the others a moment later.
    """
    job = replace(job, port=free_port()) if job.ranks > 1 else job
    jobs = of_ranks(job)
    processes = [process(work, one) for one in jobs]
    for one in processes:
        one.start()
    try:
        if kill_after is not None:
            while not jobs[first].trace.exists() and processes[first].is_alive():
                time.sleep(0.001)
            processes[first].join(kill_after)
            for one in (processes[first], *processes):
                one.kill()
                one.join(0.1)
        for one in processes:
            one.join(PATIENCE)
        return [one.exitcode for one in processes]
    finally:
        for one in processes:
            one.kill()
