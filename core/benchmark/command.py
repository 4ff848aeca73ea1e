"""What `fourfold bench` does: choose, run, write, and say what it came to."""

from __future__ import annotations

import shlex
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ..domains import Domain, domains
from ..domains import domain as find_domain
from ..errors import BadValue, Interrupted, RunsFailed, UnknownName
from ..files import write_text
from .case import Case, Peer
from .compare import changes_table, compare
from .custom import read_cases
from .folder import JOIN, Folder
from .job import Job
from .ladder import FINETUNE, Rung, check_models, ladder
from .presets import Plan, plan
from .results import Results, join, read_results, write_results
from .row import Row
from .runner import Say, Workers, choose_cases, done_rows, jobs, peers_of, run_all, run_peers
from .sameness import notes
from .table import results_table
from .verdict import conclusions

PAGE = "bench.html"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the options of `bench` ask for; what is empty is the preset's. `keep` saves the trained models, too."""

    preset: str = "quick"
    domains: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    seeds: int | None = None
    seed: tuple[int, ...] = ()
    shares: tuple[float, ...] = ()
    init: str | None = None
    tune: str | None = None
    file: Path | None = None
    peers: bool = False
    keep: bool = False

    def __post_init__(self) -> None:
        if self.seeds is not None and self.seeds < 1:
            raise BadValue(f"bench: seeds ({self.seeds}) must be 1 or above")
        for share in self.shares:
            if not 0 < share <= 1:
                raise BadValue(f"bench: share ({share:g}) must lie in (0, 1]")

    @property
    def command(self) -> str:
        """The command that asks for this."""
        words = ["fourfold", "bench", "--preset", self.preset]
        several = {"domain": self.domains, "case": self.cases, "model": self.models, "seed": self.seed}
        several |= {"share": tuple(f"{share:g}" for share in self.shares)}
        words += [word for name, values in several.items() for value in values for word in (f"--{name}", str(value))]
        single = {"seeds": self.seeds, "init": self.init, "tune": self.tune, "cases": self.file}
        words += [word for name, value in single.items() if value is not None for word in (f"--{name}", str(value))]
        return shlex.join(words + ["--peers"] * self.peers)

    def plan(self) -> Plan:
        """Return the preset's plan with what is asked for in its place."""
        found = plan(self.preset)
        models = self.models or (*found.models, *([FINETUNE] if self.init else []))
        tune = None if self.tune == "off" else self.tune or found.tune
        return replace(found, models=tuple(models), tune=tune, shares=self.shares or found.shares)

    def numbers(self, found: Plan) -> tuple[int, ...]:
        """Return the seeds: those that are named, else the first so many."""
        return self.seed or tuple(range(self.seeds or found.seeds))


def refuse_unknown(asked: Wanted) -> None:
    """Raise ConfigError for a preset, domain, model or case that there is not, while no folder is touched yet."""
    found, cards = asked.plan(), _domains(asked.domains)
    check_models(cards, found.models, asked.init)
    _cases(asked, cards, found, lambda _: None)


def bench(asked: Wanted, folder: Folder, say: Say, command: str = "") -> Results:
    """Run what is asked for, write it into the folder as it comes, and return it.

    `command` is what asks for it, where that is another one than `fourfold bench`.
    Raises ConfigError before anything runs; Interrupted, with what was done kept, where a signal ends it.
    """
    found, cards = asked.plan(), _domains(asked.domains)
    check_models(cards, found.models, asked.init)
    cases, skipped = _cases(asked, cards, found, say)
    rungs = {card.name: ladder(card, found.models, asked.init) for card in cards}
    todo = _jobs(asked, found, cases, rungs)
    here = {case.name for several in cases.values() for case in several}
    beside = [peer for peer in peers_of(cards) if asked.peers and peer.case in here]
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    rows: list[Row] = [*skipped]

    def results(of: Sequence[Row]) -> Results:
        return Results.of(found.name, made, of, folder.path, command or asked.command)

    try:
        with _stoppable(folder, say):
            for row in _rows(todo, beside, folder, cards, asked, say):
                rows.append(row)
                write_results(folder.path, results(rows))
    except Interrupted:  # wherever it came: what lies in the folder counts
        done = done_rows(todo, beside, folder)
        write_results(folder.path, results([*skipped, *done]))
        raise
    whole = results(rows)
    write_all(folder.path, whole)
    return whole


def write_all(path: Path, results: Results) -> None:
    """Write the results as JSON, CSV and a page."""
    from .page import render

    write_results(path, results, conclusions(results))
    write_text(path / PAGE, render(results))


def finish(results: Results, path: Path, *, as_json: bool, say: Say) -> None:
    """Print the table and where the page is; raise FourfoldError where runs failed."""
    from ..report import plain_json

    whole = results.to_dict() | {"cases": conclusions(results)}
    print(plain_json(whole) if as_json else results_table(results))
    say(f"results in {path}; look at {path / PAGE}")
    if results.failed:
        raise RunsFailed(f"bench: {len(results.failed)} runs failed; the table says which, --resume does them again")


def compare_folders(first: Path, second: Path, *, as_json: bool) -> None:
    """Print how the second differs from the first."""
    from ..report import plain_json

    found = compare(read_results(first), read_results(second))
    print(plain_json(found) if as_json else changes_table(found))


def join_folders(several: Sequence[Path], out: Path, say: Say) -> None:
    """Write the results of several folders as one, with their page."""
    found = [read_results(path) for path in several]
    folder = Folder.open(out, by=JOIN)
    for results in found:
        for source in results.folders:
            for file in (source / "rows").glob("*.safetensors"):
                (folder.path / "rows").mkdir(exist_ok=True)
                shutil.copy2(file, folder.path / "rows" / file.name)
    for note in notes(found):
        say(note)
    joined = replace(join(found), folders=(folder.path,))
    write_all(folder.path, joined)
    finish(joined, folder.path, as_json=False, say=say)


def _domains(names: Sequence[str]) -> list[Domain]:
    return [find_domain(name) for name in names] if names else list(domains().values())


def _cases(asked: Wanted, cards: list[Domain], found: Plan, say: Say) -> tuple[dict[str, list[Case]], list[Row]]:
    """Return the cases that run: a user's own, where a file names them and none is asked for, else the domains'."""
    offered: dict[str, list[Case]] = {card.name: list(card.load_cases()) for card in cards}
    if asked.file is None:
        return choose_cases(offered, asked.cases, say, embedded=found.embedded)
    every = read_cases(asked.file)
    own = {name: several for name, several in every.items() if name in offered or not asked.domains}
    if not own and not asked.cases:
        raise UnknownName(f"{asked.file}: no case of {' or '.join(asked.domains)}, but of {' and '.join(every)}")
    if not asked.cases:
        return choose_cases(own, [case.name for several in own.values() for case in several], say)
    both = {name: [*own.get(name, []), *offered.get(name, [])] for name in {**own, **offered}}
    return choose_cases(both, asked.cases, say)


def _jobs(asked: Wanted, found: Plan, cases: dict[str, list[Case]], rungs: dict[str, list[Rung]]) -> list[Job]:
    file = str(asked.file) if asked.file else None
    for name in cases:  # a user's own case may be of a domain that was not named
        rungs.setdefault(name, ladder(find_domain(name), found.models, asked.init))
    return jobs(cases, rungs, asked.numbers(found), found.shares, init=asked.init, tune=found.tune, file=file)


def _rows(
    todo: list[Job], beside: list[Peer], folder: Folder, cards: list[Domain], asked: Wanted, say: Say
) -> Iterator[Row]:
    yield from run_all(todo, folder, Workers(cards), say, save=lambda job: asked.keep and job.rung.kind == "core")
    yield from run_peers(beside, folder, say)


@contextmanager
def _stoppable(folder: Folder, say: Say) -> Iterator[None]:
    """Have SIGTERM end the work as Ctrl-C does, and say how to go on."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt(number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt as stopped:
        number = stopped.args[0] if stopped.args else signal.SIGINT
        raise Interrupted(f"{folder.path}: stopped; what is done is kept, go on with --resume", number) from None
    finally:
        signal.signal(signal.SIGTERM, before)
