"""Results of a benchmark as text."""

from __future__ import annotations

from typing import Any

from ..report import shown


def results_table(rows: list[dict[str, Any]]) -> str:
    """Return benchmark rows as a table of plain text."""
    columns = ("case", "model", "seed", "quality (95 % interval)", "train", "p50", "parameters")
    cells = [columns, *(_result_cells(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(columns))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _result_cells(row: dict[str, Any]) -> tuple[str, ...]:
    head = (f"{row.get('domain', '')}/{row['case']}", row["model"], str(row.get("seed", "")))
    if "error" in row:
        return (*head, f"failed: {row['error']}", "", "", "")
    if "work" in row:
        rate = f"{row['work']} {row['rows_per_second']:,.0f} rows/s"
        return (*head, f"{rate}, ours {row['ratio']:.2f} times ({row['low']:.2f} to {row['high']:.2f})", "", "", "")
    metric = row["metric"]
    value, low, high = (
        shown(metric, row[name] if row[name] is not None else float("nan")) for name in ("value", "low", "high")
    )
    ceiling = f", ceiling {shown(metric, row['ceiling'])}" if row.get("ceiling") is not None else ""
    made = " (synthetic)" if row["synthetic"] else ""
    quality = f"{metric} {value} ({low} to {high}){ceiling}"
    return (
        head[0] + made, *head[1:], quality, f"{row['train_seconds']:.1f} s", f"{row['latency_p50_ms']:.1f} ms",
        f"{row['parameters']:,}",
    )  # fmt: skip
