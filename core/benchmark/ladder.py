"""The rungs of a case: from the prior over the classical models to the core's presets and what was pretrained."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..domains import Domain
from ..errors import UnknownName, WrongUsage, did_you_mean
from .prior import LABEL
from .row import Kind

PRIOR, CLASSICAL, LINEAR, FINETUNE = "prior", "classical", "linear", "finetune"
"""The prior, all classical models, the one that a domain takes for the best of them, and what goes with an `init`."""

ORDER: tuple[Kind, ...] = ("prior", "classical", "core", "pretrained", "run", "peer")
"""Kinds of rungs, the simplest first."""


@dataclass(frozen=True, kw_only=True)
class Rung:
    """A model to be measured: its name on the command line, what a person calls it, and what kind it is."""

    model: str
    label: str
    kind: Kind


def ladder(domain: Domain, models: Sequence[str], init: str | None) -> list[Rung]:
    """Return the rungs of a domain among the models that are asked for, in the order of the ladder.

    A model that this domain does not have is left out.
    """
    known = rungs(domain, init)
    wanted = [rung for name in models for rung in known if name in (rung.model, _group(rung))]
    unique = dict.fromkeys(wanted)
    return sorted(unique, key=lambda rung: (ORDER.index(rung.kind), known.index(rung)))


def rungs(domain: Domain, init: str | None = None) -> list[Rung]:
    """Return all that a domain has."""
    kind = domain.load_pipeline()
    found = [Rung(model=PRIOR, label=LABEL, kind="prior"), *classical_rungs(kind)]
    found.append(Rung(model=LINEAR, label="classical, as the domain chooses", kind="classical"))
    for name in kind.presets:
        if name != FINETUNE:
            found.append(Rung(model=name, label=name, kind="core"))
        elif init is not None:
            found.append(Rung(model=name, label=f"finetune from {init.rstrip('/').split('/')[-1]}", kind="pretrained"))
    return found


def classical_rungs(kind: Any) -> list[Rung]:
    """Return the classical models of a pipeline class: those that can be chosen, or the one that its baseline is."""
    if kind.classical:
        return [Rung(model=name, label=one.label, kind="classical") for name, one in kind.classical.items()]
    name = str(getattr(kind.baseline_type, "name", LINEAR))
    return [Rung(model=name, label=name, kind="classical")]


def check_models(domains: Iterable[Domain], models: Sequence[str], init: str | None) -> None:
    """Raise ConfigError for a model that none of the domains has, with the nearest that is there."""
    known = [CLASSICAL, *(rung.model for domain in domains for rung in rungs(domain, init))]
    for name in models:
        if name == FINETUNE and init is None:
            raise WrongUsage("bench: the model finetune needs --init, a pretrained model")
        if name not in known:
            raise UnknownName(f"bench: no model '{name}'{did_you_mean(name, dict.fromkeys(known))}")


def _group(rung: Rung) -> str:
    return CLASSICAL if rung.kind == "classical" and rung.model != LINEAR else ""
