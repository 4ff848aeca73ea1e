"""What a run came to: one row of the results."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

Row: TypeAlias = dict[str, Any]
"""A result as plain values, or what stands in its place: `error`, or `skipped`, with the reason."""

Kind: TypeAlias = Literal["prior", "classical", "core", "pretrained", "run", "peer"]


@dataclass(frozen=True, kw_only=True)
class Result:
    """One run of one model on one case: quality with its 95 % interval, cost, and the machine.

    `share` is the part of the training rows that was learned from, `init` what a pretrained model began with, `tune`
    the time that settings were searched in. `others` are all metrics of the run; `branches` what Transformer and
    classical model give by themselves, on `metric`. Times are in seconds, latencies in milliseconds for one row, from
    `latency_calls` calls, memory and size in MB, energy in joules of training; `energy_source` says where it comes
    from. `settings` are those that `tune` chose, `note` what a reader must know of the run, `about` what the case is.
    `kept` is the file of its statistic, by which it is paired with others on the same rows. `load` is how many cores
    were busy when the run began.
    """

    domain: str
    case: str
    model: str
    label: str
    kind: Kind
    seed: int
    metric: str
    value: float
    low: float
    high: float
    greater_is_better: bool
    train_rows: int
    test_rows: int
    train_seconds: float
    train_rows_per_second: float
    predict_rows_per_second: float
    latency_p50_ms: float
    latency_p95_ms: float
    memory_mb: float
    parameters: int
    size_mb: float
    energy_joules: float
    energy_source: str
    synthetic: bool
    latency_calls: int = 50
    share: float = 1.0
    init: str | None = None
    tune: str | None = None
    train_hash: str = ""
    test_hash: str = ""
    ceiling: float | None = None
    others: dict[str, float] = field(default_factory=dict)
    branches: dict[str, float] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    about: str = ""
    kept: str = ""
    load: float | None = None
    command: str = ""
    manifest: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> Row:
        """Return the row as plain values."""
        return asdict(self)
