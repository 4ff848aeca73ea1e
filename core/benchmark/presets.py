"""How much a benchmark runs: a quick look, real data, or all that there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import UnknownName, did_you_mean
from .ladder import CLASSICAL, PRIOR


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Models, seeds, shares of the training rows, the time to tune each rung in; `embedded`: only such cases run."""

    name: str
    models: tuple[str, ...]
    seeds: int
    shares: tuple[float, ...] = (1.0,)
    tune: str | None = None
    embedded: bool = False


def quick() -> Plan:
    """All domains on embedded data with tiny models: some minutes on two cores."""
    return Plan(name="quick", models=(PRIOR, CLASSICAL, "tiny"), seeds=1, embedded=True)


def standard() -> Plan:
    """Real data where they lie, three seeds, each rung tuned for the same time."""
    return Plan(name="standard", models=(PRIOR, CLASSICAL, "tiny", "small"), seeds=3, tune="2m")


def full() -> Plan:
    """Five seeds, the large preset, and how quality grows with the data."""
    shares = (0.01, 0.03, 0.1, 0.3, 1.0)
    return Plan(name="full", models=(PRIOR, CLASSICAL, "tiny", "small", "base"), seeds=5, shares=shares, tune="15m")


PLANS: dict[str, Callable[[], Plan]] = {"quick": quick, "standard": standard, "full": full}


def plan(name: str) -> Plan:
    """Return a plan by its name; ConfigError where there is none."""
    if name not in PLANS:
        raise UnknownName(f"bench: no preset '{name}'{did_you_mean(name, PLANS)}")
    return PLANS[name]()
