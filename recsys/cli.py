"""The commands that only recsys has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..core.errors import OutputTaken


def simulate(
    out: Annotated[Path, typer.Argument(help="A .parquet or .csv file to write.")],
    rows: Annotated[int, typer.Option(min=1, help="How many impressions.")] = 1_000_000,
    users: Annotated[int, typer.Option(min=1, help="How many users; they follow Zipf's law, as items do.")] = 10_000,
    items: Annotated[int, typer.Option(min=1, help="How many items.")] = 1_000,
    days: Annotated[int, typer.Option(min=0, help="Over how many days; 0: without times.")] = 0,
    drift: Annotated[float, typer.Option(min=0, help="How far the appeal of items drifts over the days.")] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="The seed of the rows; the world is the same for all.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a log of simulated clicks, with their true probabilities in a column of its own.

    That column is no field of a model: a report sets it beside the model as what no model can beat.
    """
    from .simulate import World, write_log

    if out.exists() and not force:
        raise OutputTaken(f"{out}: it is there already; replace it with --force")
    write_log(World(users=users, items=items, days=days, drift=drift), rows, seed, out)
    typer.echo(f"wrote {rows:,} rows to {out}", err=True)
