"""A user's own cases: a few lines of TOML for a data file, or for a trained model on one.

[[case]]
name = "tickets"
domain = "nlp"
data = "tickets.csv"        # beside this file, or an absolute path
label = "team"              # columns, where they are not the domain's own
test = 0.2                  # a share by the rows' hash, or a path

[[case]]
name = "live"
domain = "nlp"
run = "runs/tickets"        # measured as it is
data = "june.csv"
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ..batch import Examples
from ..config import from_dict, override, read_toml
from ..domains import domain as find_domain
from ..domains import domains
from ..errors import BadSettingsFile, BadValue, ConfigError, UnknownName, UnknownSetting, did_you_mean
from .case import Case, Split, hashed
from .content import content_of
from .job import Job

_TEST = 0.2


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One `[[case]]` of the file."""

    name: str
    domain: str
    data: str
    run: str | None = None
    input: str | None = None
    label: str | None = None
    test: str | None = None
    metric: str | None = None
    about: str | None = None


def read_cases(path: Path) -> dict[str, list[Case]]:
    """Read the cases of a file, by domain; ConfigError says where and what is wrong with it."""
    values = read_toml(path)
    for name in values:
        if name != "case":
            raise UnknownSetting(
                f"{path}: unknown '{name}'{did_you_mean(name, ['case'])}; write each case below [[case]]"
            )
    tables = values.get("case")
    if not isinstance(tables, list) or not tables:
        raise BadSettingsFile(f"{path}: no case; write each below [[case]], with name, domain and data")
    found: dict[str, list[Case]] = {}
    names: set[str] = set()
    for number, table in enumerate(tables, 1):
        where = f"{path}: case {number}"
        entry, settings = _entry(table, where)
        if entry.name in names:
            raise BadSettingsFile(f"{where}: there is a case '{entry.name}' already; give each a name of its own")
        names.add(entry.name)
        _check(entry, settings, where)
        found.setdefault(entry.domain, []).append(_case(entry, settings, path.parent, where))
    return found


def find_case(job: Job) -> Case:
    """Return the case of a job: a user's own, or one that the domain offers."""
    own = read_cases(Path(job.file)).get(job.domain, []) if job.file else []
    offered: Sequence[Case] = find_domain(job.domain).load_cases()
    known = {case.name: case for case in (*offered, *own)}
    if job.case not in known:
        raise UnknownName(f"bench: no case '{job.case}'{did_you_mean(job.case, known)}")
    return known[job.case]


def _entry(table: Mapping[str, Any], where: str) -> tuple[Entry, dict[str, Any]]:
    if not isinstance(table, Mapping):
        raise BadSettingsFile(f"{where}: a value, not a table; write each case below [[case]]")
    given = dict(table)
    settings = given.pop("settings", {})
    if not isinstance(settings, Mapping):
        raise BadSettingsFile(f"{where}: settings is a value, not a table; write them below [case.settings]")
    names = [one.name for one in fields(Entry)]
    for name in given:
        if name not in names:
            raise UnknownSetting(f"{where}: unknown '{name}'{did_you_mean(name, [*names, 'settings'])}")
    for name in ("name", "domain", "data"):
        if not isinstance(given.get(name), str) or not given[name].strip():
            raise BadSettingsFile(f'{where}: no {name}; write {name} = "…"')
    if given["domain"] not in (known := domains()):
        raise UnknownName(f"{where}: no domain '{given['domain']}'{did_you_mean(given['domain'], known)}")
    try:
        return from_dict(Entry, given), dict(settings)
    except ConfigError as error:
        raise BadSettingsFile(f"{where}: {error}") from None


def _check(entry: Entry, settings: dict[str, Any], where: str) -> None:
    """Refuse settings that the domain does not have, and the names of its own cases, before anything runs."""
    card = find_domain(entry.domain)
    if entry.name in {case.name for case in card.load_cases()}:
        raise BadSettingsFile(f"{where}: '{entry.name}' is a case of {entry.domain} itself; choose another name")
    try:
        override(card.load_pipeline()().resolve(), settings)
    except ConfigError as error:
        raise BadSettingsFile(f"{where}: {error}") from None


def _case(entry: Entry, settings: dict[str, Any], folder: Path, where: str) -> Case:
    share = _share(entry.test, where) if entry.test is not None else None
    data, test = _found(folder, entry.data, where), None
    if entry.test is not None and share is None:
        test = _found(folder, entry.test, where)
    run = _found(folder, entry.run, where) if entry.run is not None else None
    if run is not None and entry.test is not None:
        raise BadSettingsFile(f"{where}: a trained run is measured on all of data; leave test out")
    metrics = find_domain(entry.domain).load_pipeline().metrics
    if entry.metric is not None and entry.metric not in metrics:
        raise UnknownName(f"{where}: no metric '{entry.metric}'{did_you_mean(entry.metric, metrics)}")

    def load(seed: int) -> Split:
        return _split(entry, settings, (data, test), share, run)

    about = entry.about or f"{entry.data}, your own" + (f" ({run.name} as it was trained)" if run else "")
    content = _content(entry, settings, [path for path in (data, test, run) if path is not None])
    return Case(
        name=entry.name, about=about, load=load, settings=settings, metric=entry.metric, run=run, content=content
    )


def _split(
    entry: Entry, settings: dict[str, Any], paths: tuple[Path, Path | None], share: float | None, run: Path | None
) -> Split:
    kind = find_domain(entry.domain).load_pipeline()
    reader = kind.load(run) if run is not None else kind(config=override(kind().resolve(), settings))
    columns = {"input": entry.input, "label": entry.label}

    def read(path: Any) -> Examples:
        examples: Examples = reader.read_labelled(path if isinstance(path, list) else str(path), **columns)
        return examples

    data, test = paths
    if run is not None:
        examples = read(data)
        return Split(examples, examples)
    parts = reader.parts_of(str(data))
    test_part = test or parts.get("test")
    if test_part is not None and share is None:
        valid = parts.get("valid")
        return Split(read(parts["train"]), read(test_part), read(valid) if valid is not None else 0.1)
    return hashed(read(parts["train"]), _TEST if share is None else share)


def _share(text: str, where: str) -> float | None:
    try:
        share = float(text)
    except ValueError:
        return None
    if not 0 < share < 1:
        raise BadValue(f"{where}: test ({text}) must be a share in (0, 1), or a path")
    return share


def _found(folder: Path, name: str, where: str) -> Path:
    path = folder / name
    if not path.exists():
        raise BadSettingsFile(f"{where}: {path}: no such file; paths are beside the file of cases, or absolute")
    return path.resolve()


def _content(entry: Entry, settings: dict[str, Any], paths: Sequence[Path]) -> str:
    """Return a hash of the entry and of its files."""
    digest = hashlib.sha256(json.dumps([asdict(entry), settings], sort_keys=True, default=str).encode())
    for path in paths:
        digest.update(content_of(path).encode())
    return digest.hexdigest()[:16]
