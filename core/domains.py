"""The domains that are installed: one entry point of the group `fourfold.domains` each."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

from .errors import UnknownName, Unsupported, did_you_mean

GROUP = "fourfold.domains"


@dataclass(frozen=True, kw_only=True)
class Domain:
    """A domain's card. `pipeline` and `cases` are written "module:name" and imported when they are needed.

    `input` and `label` are the default columns; `input` is None where every column but the label is one. `pretrain` is
    the setting that `train --pretrain` stands for, None where a domain cannot pre-train; `backbones` says whether it
    trains models of others in the place of ours. With `ranks`, `predict --top` gives the best rows. `answering` is the
    section of settings that `predict` and `eval` may change of a trained model, None where there is none. `stream` is
    what `predict --stream` calls with a model, one input and `as_json`, "module:name" as well; None where inputs do not
    come bit by bit. `commands` are functions that become commands beside those that all domains have; their modules are
    imported at once, and must be light.
    """

    name: str
    summary: str
    pipeline: str
    cases: str
    input: str | None
    label: str
    pretrain: str | None = None
    backbones: bool = False
    ranks: bool = False
    answering: str | None = None
    stream: str | None = None
    commands: tuple[str, ...] = ()

    def load_pipeline(self) -> Any:
        """Import and return the pipeline class."""
        return _load(self.pipeline)

    def load_cases(self) -> Any:
        """Import and return the benchmark cases."""
        return _load(self.cases)

    def load_stream(self) -> Any:
        """Import and return what hears an input as it comes; ConfigError where nothing does."""
        if self.stream is None:
            raise Unsupported(f"predict: what {self.name} reads does not come bit by bit; leave --stream out")
        return _load(self.stream)

    def load_commands(self) -> list[Any]:
        """Import and return the functions of the domain's own commands."""
        return [_load(path) for path in self.commands]

    def load_peers(self) -> Any:
        """Import and return the peers that the domain measures itself against: `PEERS` beside the cases, if any."""
        return self.load_extra("PEERS") or ()

    def load_extra(self, name: str) -> Any:
        """Return what stands beside the cases by this name, None where there is none.

        `PEERS` are those that the domain measures itself against, `prior` gives from the training rows the one answer
        of a domain whose outputs are no numbers, `show` yields lines in which a person sees what a model predicts.
        """
        return getattr(importlib.import_module(self.cases.partition(":")[0]), name, None)


def domains() -> dict[str, Domain]:
    """Return the cards of all installed domains by name: Fourfold's own first."""
    found = {entry.name: entry.load() for entry in entry_points(group=GROUP)}
    first = ("nlp", "vision", "recsys", "speech")
    return {name: found[name] for name in (*first, *sorted(found.keys() - set(first))) if name in found}


def domain(name: str) -> Domain:
    """Return the card of one domain."""
    found = domains()
    if name not in found:
        raise UnknownName(f"no domain '{name}'{did_you_mean(name, found)}")
    return found[name]


def _load(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)
