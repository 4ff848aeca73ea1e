"""Runs jobs: each in a process of its own that is forked from one which has everything imported."""

from __future__ import annotations

import hashlib
import itertools
import json
import multiprocessing
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..domains import Domain
from ..errors import ConfigError, UnknownName, did_you_mean
from .case import Case, Peer, data_root
from .content import content_of, software
from .environment import python_for
from .folder import Folder
from .job import Job
from .ladder import Rung
from .row import Row

Say = Callable[[str], None]


def jobs(
    cases: Mapping[str, list[Case]],
    rungs: Mapping[str, list[Rung]],
    seeds: Iterable[int],
    shares: Iterable[float] = (1.0,),
    **more: Any,
) -> list[Job]:
    """Return the runs with seeds outermost and models innermost, so that slow hours of a machine hit all alike."""
    pairs = [(domain, case, case.content or _content(case)) for domain, found in cases.items() for case in found]
    init = content_of(Path(more["init"])) if more.get("init") else ""
    found = []
    for seed, share, (domain, case, content) in itertools.product(seeds, shares, pairs):
        own = [Rung(model="run", label=case.run.name, kind="run")] if case.run else rungs[domain]
        if case.run and share < 1:
            continue
        found += [
            Job(
                domain=domain,
                case=case.name,
                rung=rung,
                seed=seed,
                share=share,
                content=content + (init if rung.kind == "pretrained" else ""),
                **_options(rung, case, more),
            )
            for rung in own
        ]
    return found


def choose_cases(
    offered: Mapping[str, list[Case]], names: Iterable[str], say: Say, *, embedded: bool = False
) -> tuple[dict[str, list[Case]], list[Row]]:
    """Return each domain's cases that can run here, and a row with the reason for each that cannot.

    `embedded` leaves out those that need data, but for the ones that are named.
    """
    wanted = set(names)
    known = [case.name for cases in offered.values() for case in cases]
    for name in sorted(wanted - set(known)):
        raise UnknownName(f"bench: no case '{name}'{did_you_mean(name, known)}")
    chosen: dict[str, list[Case]] = {}
    skipped: list[Row] = []
    for domain, cases in offered.items():
        for case in cases:
            if (wanted and case.name not in wanted) or (embedded and not wanted and case.needs is not None):
                continue
            if missing := case.missing():
                say(f"{domain}/{case.name}: passed over, {missing}")
                skipped.append({"domain": domain, "case": case.name, "skipped": missing})
                continue
            chosen.setdefault(domain, []).append(case)
    return chosen, skipped


def peers_of(domains: Iterable[Domain]) -> list[Peer]:
    """Return the peers that the domains bring: `PEERS` beside their cases."""
    return [peer for domain in domains for peer in domain.load_peers()]


class Workers:
    """Processes for jobs, one at a time.

    Where the system has it, one server process imports what `domains` need once, and each job's process is forked from
    it: a run begins at once, with a memory of its own.
    """

    def __init__(self, domains: Iterable[Domain]):
        forks = "forkserver" in multiprocessing.get_all_start_methods()
        self.context: Any = multiprocessing.get_context("forkserver" if forks else "spawn")
        if forks:
            modules = [card.pipeline.partition(":")[0] for card in domains] + [
                card.cases.partition(":")[0] for card in domains
            ]
            self.context.set_forkserver_preload([f"{__package__}.worker", *modules])

    def __call__(self, job: Job, folder: Folder, *, save: bool = False) -> Row:
        """Return a job's row, or one with `error` where it failed; an interrupt ends the process, too."""
        from .worker import serve

        load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
        model = str(folder.model(job)) if save else ""
        return self._answer(job, folder, serve, str(folder.rows(job)), model) | job.head | {"load": load}

    def search(self, job: Job, folder: Folder) -> Row:
        """Return the settings that a search for a job came to, or an `error`."""
        from .worker import serve_search

        return self._answer(job, folder, serve_search)

    def _answer(self, job: Job, folder: Folder, does: Callable[..., None], *more: str) -> Row:
        receiver, sender = self.context.Pipe(duplex=False)
        arguments = (job.to_json(), *more, dict(os.environ), str(folder.log(job)), sender)
        process = self.context.Process(target=does, args=arguments, name=job.key)
        try:
            with _deaf():
                process.start()
            sender.close()
            answer: Row = json.loads(receiver.recv())
            process.join()
        except EOFError:
            process.join()
            answer = {"error": _ended(process.exitcode)}
        except BaseException:  # an interrupt, perhaps as soon as it is heard again: behind the start
            if process.pid is not None:
                process.terminate()
                process.join()
            raise
        finally:
            receiver.close()
        return answer


def run_all(
    todo: Iterable[Job], folder: Folder, workers: Workers, say: Say, *, save: Callable[[Job], bool] = lambda job: False
) -> Iterator[Row]:
    """Run the jobs that the folder does not hold yet, one at a time; yield each row, or its `error` or `skipped`.

    What was done by other code, or with other versions, is done again; a search that failed is not, for other seeds.
    """
    todo, here = list(todo), software()
    failed: dict[str, Row] = {}
    for number, job in enumerate(todo, 1):
        what = f"[{number}/{len(todo)}] {job.domain}/{job.case}: {job.rung.label}, seed {job.seed}"
        what += f", {job.share:.0%} of the rows" if job.share < 1 else ""
        found: Job | Row | None = _found(job, folder, here)
        if found is None and (found := failed.get(job.study.key)) is not None:
            say(f"{what}: its search came to nothing before")
        elif found is None:
            say(f"{what}: searches settings for {job.tune}")
            found = _searched(job, folder, workers)
        if not isinstance(found, Job):
            failed[job.study.key] = found
            row = found | job.head
        elif (before := folder.done(found)) is not None and not (stale := _stale(before, here)):
            row = before
            say(f"{what}: done before")
        else:
            say(f"{what}: done before with {stale}; again" if before is not None else what)
            if before is not None:
                folder.forget_model(job)
            row = workers(found, folder, save=save(job))
            folder.keep(found, row)
        if "error" in row:
            say(f"  failed: {row['error']}")
        yield row


def _found(job: Job, folder: Folder, here: Mapping[str, Any]) -> Job | None:
    """Return the job with the settings that were searched before; None where a search is due."""
    if not job.tune:
        return job
    found = folder.tuned(job.study)
    if found is None or _stale(found, here):
        return None
    return job.with_found(found["settings"], found["note"])


def _searched(job: Job, folder: Folder, workers: Workers) -> Job | Row:
    """Search settings for all seeds of a job, and keep them; where that fails, return what a row then says."""
    found = workers.search(job.study, folder)
    if "settings" not in found:
        return {name: f"tune: {reason}" for name, reason in found.items()}
    folder.keep_tuned(job.study, found)
    return job.with_found(found["settings"], found["note"])


def done_rows(todo: Iterable[Job], peers: Iterable[Peer], folder: Folder) -> list[Row]:
    """Return the rows of jobs and peers that the folder holds and that need not be done again."""
    here = software()
    known = [found for job in todo if (found := _found(job, folder, here)) is not None]
    rows = [row for job in known if (row := folder.done(job)) is not None and not _stale(row, here)]
    here = software(peers=True)
    return rows + [row for peer in peers for row in folder.done_peer(_peer_key(peer, here)) or ()]


def run_peers(peers: Iterable[Peer], folder: Folder, say: Say) -> Iterator[Row]:
    """Run the peers that the folder does not hold yet, each in a process of its own, and in an environment of its own
    where it needs one; yield their rows, also of those that were done before."""
    here = software(peers=True)
    for peer in peers:
        key = _peer_key(peer, here)
        rows = folder.done_peer(key)
        say(f"{peer.case}: {peer.name}" + (": done before" if rows is not None else ""))
        if rows is None:
            rows = _peer_rows(peer, say)
            if not any("error" in row for row in rows):
                folder.keep_peer(key, rows)
        yield from rows


def _peer_key(peer: Peer, here: Mapping[str, Any]) -> str:
    """Return a name for the file of a peer's rows, of its own for other requirements, code or versions."""
    facts = json.dumps([peer.command[1:], peer.requires, here], sort_keys=True)
    words = re.sub("[^A-Za-z0-9.]+", "-", f"{peer.case}-{peer.name}")
    return f"{words}-{hashlib.sha256(facts.encode()).hexdigest()[:8]}"


def _peer_rows(peer: Peer, say: Say) -> list[Row]:
    head, told = {"model": peer.name, "kind": "peer"}, {"case": peer.case, "command": shlex.join(peer.command)}
    try:
        command = [python_for(peer.requires, say), *peer.command[1:]]
        told["command"] = shlex.join(command)
        found = last_line(command)
    except ConfigError as error:
        found = {"error": str(error)}
    rows = found if isinstance(found, list) else [found]
    return [head | row | _work(row, peer) | told for row in rows]


def _work(row: Row, peer: Peer) -> Row:
    """Return the kind of work of a peer's row with its setting, where that is no case but one of several of a case."""
    setting = row.get("case", peer.case)
    return {"work": f"{row['work']}, {setting}"} if "work" in row and setting != peer.case else {}


@contextmanager
def _deaf() -> Iterator[None]:
    """Have what is started within not hear Ctrl-C: this process hears it, and ends the run."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def last_line(command: list[str]) -> Any:
    """Return the row, or rows, that a command prints as its last line."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        reason = done.stderr.strip().splitlines()
        return {"error": reason[-1] if reason else _ended(done.returncode)}
    try:
        found = json.loads(lines[-1])
    except ValueError:
        found = None
    rows = found if isinstance(found, list) else [found]
    if not rows or not all(isinstance(row, dict) for row in rows):
        return {"error": f"its last line is no row or rows as JSON: {lines[-1][:80]}"}
    return found


def _content(case: Case) -> str:
    """Return what tells the data that a domain's case reads from what they were."""
    root = data_root()
    return content_of(root / case.needs) if root is not None and case.needs is not None else ""


def _options(rung: Rung, case: Case, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that concern a rung on a case: `init` is that of a pretrained one, `file` of a user's own."""
    left_out = {"init"} if rung.kind != "pretrained" else set()
    left_out |= {"tune"} if rung.kind in ("prior", "run") else set()
    left_out |= set() if case.content else {"file"}
    return {name: value for name, value in more.items() if name not in left_out}


def _stale(row: Row, here: Mapping[str, Any]) -> str:
    """Say in what a row that was done before differs from what would be done now; nothing where it does not."""
    made = row.get("manifest")
    if not isinstance(made, dict):  # passed over: nothing was measured
        return ""
    old, new = made.get("versions", {}), here["versions"]
    found = [f"{name} {old.get(name)}, now {one}" for name, one in new.items() if old.get(name) != one]
    code = made.get("code") != here["code"]
    return ", ".join([*found, *([f"other code (commit {made.get('commit')})"] if code else [])])


def _ended(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by signal {-code}" + (" (out of memory?)" if code == -9 else "")
    return f"exit code {code}"
