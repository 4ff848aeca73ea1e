"""The results as plain text, for a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..report import shown
from ..report.text import NOTHING, ends, gain
from .results import Results
from .row import Row
from .summary import CaseSummary, Summary, ranks, summaries
from .verdict import verdict

_HEAD = (
    "model",
    "quality",
    "95 % interval",
    "vs best classical",
    "train",
    "p50",
    "p95",
    "rows/s",
    "memory",
    "params",
    "size",
    "energy",
)
_LEFT = 4  # columns that are words


def results_table(results: Results) -> str:
    """Return a table and a verdict for each case, the ranks over cases, and what failed or was passed over."""
    cases = summaries(results)
    parts = [case_table(case) for case in cases]
    if results.speeds:
        parts.append(_speeds(results.speeds))
    if found := ranks(cases):
        order = ", ".join(f"{name} {rank:.2f}" for name, rank in found.items())
        parts.append(f"mean rank over {len(cases)} cases (1 is best): {order}")
    parts += [f"failed: {_named(row)}: {row['error']}" for row in results.failed]
    parts += [f"passed over: {_named(row)}: {row['skipped']}" for row in results.skipped]
    return "\n\n".join(parts) if parts else "nothing was measured"


def case_table(case: CaseSummary) -> str:
    """Return the rungs of a case, the simplest first, under what it is; below it what a blend's parts give
    by themselves, and the verdict."""
    made = ", synthetic" if case.synthetic else ""
    seeds = max((one.seeds for one in case.rungs), default=0)
    metric = case.rungs[0].metric if case.rungs else ""
    ceiling = f", ceiling {shown(metric, case.ceiling)}" if case.ceiling is not None else ""
    head = f"{case.domain}/{case.case}: {case.about}{made}; {metric}{ceiling}, {seeds} seed{'' if seeds == 1 else 's'}"
    blends = [f"{one.label}: {one.alone}" for one in case.rungs if one.alone]
    lines = aligned([_HEAD, *(_cells(one) for one in case.rungs)])
    return "\n".join([head, *lines, *blends, f"→ {verdict(case).sentence}"])


def aligned(rows: Sequence[Sequence[str]], left: int = _LEFT) -> list[str]:
    """Return rows as lines with a rule below the first, words to the left and figures to the right.

    >>> print("\\n".join(aligned([("model", "p50"), ("tiny", "1.0 ms")], left=1)))
    model     p50
    -----  ------
    tiny   1.0 ms
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:]]


def figures(one: Summary) -> dict[str, str]:
    """Return the costs of a model as a person reads them."""
    estimated = "~" if str(one.runs[0]["energy_source"]).startswith("estimated") else ""
    trained = one.kind != "run"
    few = "≈" if min(row.get("latency_calls", 50) for row in one.runs) < 50 else ""
    return {
        "train": seconds(one.cost("train_seconds")) if trained else NOTHING,
        "p50": milliseconds(one.cost("latency_p50_ms")),
        "p95": few + milliseconds(one.cost("latency_p95_ms")),
        "rows/s": f"{one.cost('predict_rows_per_second'):,.0f}",
        "memory": f"{one.cost('memory_mb'):,.0f} MB",
        "params": compact(one.cost("parameters")),
        "size": megabytes(one.cost("size_mb")),
        "energy": f"{estimated}{joules(one.cost('energy_joules'))}" if trained else NOTHING,
    }


def seconds(value: float) -> str:
    """Return a duration.

    >>> seconds(0.1234), seconds(75.0), seconds(4000.0)
    ('0.12 s', '75 s', '67 min')
    """
    if value >= 600:
        return f"{value / 60:,.0f} min"
    return f"{value:.0f} s" if value >= 20 else f"{value:.1f} s" if value >= 1 else f"{value:.2f} s"


def milliseconds(value: float) -> str:
    """Return a latency.

    >>> milliseconds(0.4321), milliseconds(12.3), milliseconds(1234.0)
    ('0.43 ms', '12.3 ms', '1,234 ms')
    """
    return f"{value:.2f} ms" if value < 10 else f"{value:.1f} ms" if value < 100 else f"{value:,.0f} ms"


def megabytes(value: float) -> str:
    """Return a size.

    >>> megabytes(0.0123), megabytes(1.5), megabytes(340.0)
    ('12 kB', '1.5 MB', '340 MB')
    """
    return f"{1000 * value:.0f} kB" if value < 1 else f"{value:.1f} MB" if value < 100 else f"{value:,.0f} MB"


def compact(value: float) -> str:
    """Return a count of parameters.

    >>> compact(2), compact(12345), compact(3_400_000), compact(1.2e9)
    ('2', '12k', '3.4M', '1.2B')
    """
    for unit, size in (("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.1f}{unit}" if value < 10 * size else f"{value / size:.0f}{unit}"
    return f"{value:.0f}"


def joules(value: float) -> str:
    """Return an energy.

    >>> joules(0.5), joules(1234.0), joules(5_400_000.0)
    ('0.5 J', '1.2 kJ', '1.5 kWh')
    """
    if value >= 3.6e6:
        return f"{value / 3.6e6:.1f} kWh"
    return f"{value / 1000:.1f} kJ" if value >= 1000 else f"{value:.0f} J" if value >= 10 else f"{value:.1f} J"


def _cells(one: Summary) -> tuple[str, ...]:
    known = math.isfinite(one.quality.value)
    better = "" if one.gain is None else gain(one.metric, one.gain.value) + _certain(one)
    quality = shown(one.metric, one.quality.value) if known else NOTHING
    return (one.label, quality, ends(one.metric, one.quality), better, *figures(one).values())


def _certain(one: Summary) -> str:
    """Say whether the difference from the best classical model could be chance."""
    assert one.gain is not None
    return " *" if one.gain.low > 0 or one.gain.high < 0 else ""


def _speeds(rows: Sequence[Row]) -> str:
    cells = [("case", "model", "work", "rows/s", "ours is faster by", "of the processor's time")]
    for row in rows:
        faster = f"{row['ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
        cells.append(
            (
                row["case"],
                row["model"],
                row["work"],
                f"{row['rows_per_second']:,.0f}",
                faster,
                f"{row['cpu_ratio']:.2f}",
            )
        )
    return "\n".join(aligned(cells, left=3))


def _named(row: Row) -> str:
    where = "/".join(filter(None, (row.get("domain"), row["case"])))
    return f"{where} {row['label'] if 'label' in row else row.get('model', '')}".strip()
