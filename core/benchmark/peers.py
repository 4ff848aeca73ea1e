"""The command that each domain's `peers` package is: one kind of work, done by others and by ours in turns."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ..errors import NoSuchFile, UnknownName
from ..report import plain_json
from .case import Case
from .manifest import manifest
from .speed import OURS, Contender, speed_rows, take_turns

Load = Callable[[str, int, int], Any]
"""Loads a case's setting, given its name, the steps of a block and the threads; ConfigError where it cannot."""


@dataclass(frozen=True)
class Work:
    """A kind of work: who does it, and what else is told of ours, given its rows a second.

    `load` is given where its cases are not those of the other works.
    """

    contenders: Callable[[Any], Sequence[Contender]]
    facts: Callable[[Any, float], Mapping[str, Any]] = lambda setting, rate: {}
    load: Load | None = None


def case_of(cases: Iterable[Case], name: str) -> Case:
    """Return the case of this name; raise ConfigError where there is none, DataError where its data are missing."""
    found = {case.name: case for case in cases}
    if name not in found:
        raise UnknownName(f"peers: no case '{name}'; there is: {', '.join(found)}")
    if missing := found[name].missing():
        raise NoSuchFile(f"peers: case '{name}': {missing}; FOURFOLD_DATA must name the folder of the data sets")
    return found[name]


def run_peers(program: str, works: Mapping[str, Work], load: Load, steps: int, case: str | None = None) -> None:
    """Read the command line, measure one kind of work on one case and print the rows as one line of JSON.

    `case` is the one where none is named; without it one must be.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {program}")
    parser.add_argument("work", choices=works)
    parser.add_argument("case", nargs="?" if case else None, default=case)
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    given = parser.parse_args()
    work = works[given.work]
    setting = (work.load or load)(given.case, given.steps, given.threads)
    rows = speed_rows(given.work, take_turns(work.contenders(setting), given.repeats))
    for row in rows:
        if row["model"] == OURS:
            row.update(work.facts(setting, row["rows_per_second"]))
        row.update(case=given.case, threads=given.threads, manifest=manifest())
    print(plain_json(rows))
