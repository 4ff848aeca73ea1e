"""How much a benchmark runs: a quick look, real data, or all that there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import UnknownName, did_you_mean
from .ladder import CLASSICAL, PRIOR


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Models, seeds, shares of the training rows, the time to tune each rung in, and whether only embedded cases run.

    `label` says on the page how much weight the results bear.
    """

    name: str
    label: str
    models: tuple[str, ...]
    seeds: int
    shares: tuple[float, ...] = (1.0,)
    tune: str | None = None
    embedded: bool = False


def quick() -> Plan:
    """All domains on embedded data with tiny models: some minutes on two cores."""
    label = "A quick look: one seed, tiny models, embedded data. Intervals hold the test rows' chance, not the seeds'."
    return Plan(name="quick", label=label, models=(PRIOR, CLASSICAL, "tiny"), seeds=1, embedded=True)


def standard() -> Plan:
    """Real data where they lie, three seeds, each rung tuned for the same time."""
    label = "Three seeds on real data, each rung tuned for the same time."
    return Plan(name="standard", label=label, models=(PRIOR, CLASSICAL, "tiny", "small"), seeds=3, tune="2m")


def full() -> Plan:
    """Five seeds, the large preset, and how quality grows with the data."""
    label = "Five seeds on real data, each rung tuned for the same time, and learning curves over the size of the data."
    shares = (0.01, 0.03, 0.1, 0.3, 1.0)
    return Plan(
        name="full", label=label, models=(PRIOR, CLASSICAL, "tiny", "small", "base"), seeds=5, shares=shares, tune="15m"
    )


PLANS: dict[str, Callable[[], Plan]] = {"quick": quick, "standard": standard, "full": full}


def plan(name: str) -> Plan:
    """Return a plan by its name; ConfigError where there is none."""
    if name not in PLANS:
        raise UnknownName(f"bench: no preset '{name}'{did_you_mean(name, PLANS)}")
    return PLANS[name]()
