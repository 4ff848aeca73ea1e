"""Runs cases: each run in a process of its own, models interleaved, failures shown."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..domains import Domain
from ..errors import ConfigError, did_you_mean
from ..files import write_text
from .case import Case, Peer

FINETUNE = "finetune"
"""The preset that a bench's `init` is for."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """One run to be made: a model of a domain on a case with a seed."""

    domain: str
    case: Case
    model: str
    seed: int
    init: str | None = None


def jobs(cases: dict[str, list[Case]], models: Iterable[str], seeds: int, init: str | None = None) -> list[Job]:
    """Return the runs with seeds outermost and models innermost, so that slow hours of a machine hit all alike."""
    return [
        Job(domain, case, model, seed, init if model == FINETUNE else None)
        for seed, (domain, case), model in itertools.product(
            range(seeds), [(domain, case) for domain, found in cases.items() for case in found], models
        )
    ]


def choose_cases(domains: Iterable[Domain], names: Iterable[str], say: Say) -> dict[str, list[Case]]:
    """Return each domain's cases that can run here; say which cannot, and why."""
    wanted = set(names)
    offered = {domain: list(domain.load_cases()) for domain in domains}
    known = [case.name for cases in offered.values() for case in cases]
    for name in sorted(wanted - set(known)):
        raise ConfigError(f"bench: no case '{name}'{did_you_mean(name, known)}")
    chosen: dict[str, list[Case]] = {}
    for domain, cases in offered.items():
        for case in cases:
            if wanted and case.name not in wanted:
                continue
            if missing := case.missing():
                say(f"{domain.name}/{case.name}: passed over, {missing}")
                continue
            chosen.setdefault(domain.name, []).append(case)
    return chosen


def peers_of(domains: Iterable[Domain]) -> list[Peer]:
    """Return the peers that the domains bring: `PEERS` beside their cases."""
    return [peer for domain in domains for peer in domain.load_peers()]


def run_all(todo: list[Job], peers: list[Peer], say: Say) -> Iterator[dict[str, Any]]:
    """Run the jobs, then the peers, one at a time; yield each row, or one with `error` where a run failed."""
    for job in todo:
        say(f"{job.domain}/{job.case.name}: {job.model}, seed {job.seed}")
        arguments = [job.domain, job.case.name, job.model, str(job.seed), *([job.init] if job.init else [])]
        command = [sys.executable, "-m", "fourfold.core.benchmark.worker", *arguments]
        yield dict(_run(command)) | {
            "domain": job.domain,
            "case": job.case.name,
            "model": job.model,
            "seed": job.seed,
        }
    for peer in peers:
        say(f"{peer.case}: {peer.name}")
        found = _run(list(peer.command))
        for row in found if isinstance(found, list) else [found]:
            yield {"model": peer.name} | row | {"case": peer.case}


def write_results(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write the rows as JSON."""
    write_text(path, json.dumps({"format": "fourfold-bench", "version": 1, "rows": rows}, indent=1))


def _run(command: list[str]) -> Any:
    """Return the row, or rows, that a command prints as its last line."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        reason = done.stderr.strip().splitlines()
        return {"error": reason[-1] if reason else f"exit code {done.returncode}"}
    return json.loads(lines[-1])
