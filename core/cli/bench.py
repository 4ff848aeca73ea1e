"""`bench` and its own commands."""

from pathlib import Path
from typing import Annotated

import typer

from .options import BenchPath, Json


def build_bench() -> typer.Typer:
    """Return `bench` with its own commands: it runs a benchmark unless one of them is named."""
    app = typer.Typer(help="Compare models over the cases of all domains, from the prior to the Transformer.")
    app.callback(invoke_without_command=True)(bench)
    app.command()(compare)
    app.command()(join)
    app.command()(tables)
    return app


def bench(  # noqa: PLR0913 (each option of the command is a parameter)
    context: typer.Context,
    preset: Annotated[
        str, typer.Option(help="quick (embedded data, minutes), standard (real data, 3 seeds) or full (5, curves).")
    ] = "quick",
    domain: Annotated[list[str] | None, typer.Option(help="Only these domains; may be repeated.")] = None,
    case: Annotated[list[str] | None, typer.Option(help="Only these cases; may be repeated.")] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="Only these rungs; may be repeated: prior, classical (all of them), one of them by name, linear (as "
            "the domain chooses), tiny, small, base, another preset, or finetune (with --init).",
        ),
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="So many runs of each, interleaved.", show_default=False)] = None,
    seed: Annotated[list[int] | None, typer.Option(help="Runs with this seed; may be repeated.")] = None,
    share: Annotated[
        list[float] | None, typer.Option(help="The share of the training rows to learn from; may be repeated.")
    ] = None,
    cases: Annotated[Path | None, typer.Option(help="A TOML file of your own cases.")] = None,
    init: Annotated[str | None, typer.Option(help="The pretrained model for the rung finetune.")] = None,
    tune: Annotated[
        str | None, typer.Option(help="The time to tune each rung in, such as 5m, or off. Default: the preset's.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Default: runs/bench-N.", show_default=False)] = None,
    peers: Annotated[bool, typer.Option("--peers", help="Measure the peers that a domain brings, too.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the benchmark in --out.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the benchmark in --out.")] = False,
    json: Json = False,
) -> None:
    """Measure each rung of the ladder, quality with interval beside what it costs, and say what to ship."""
    if context.invoked_subcommand is not None:
        return
    from .. import commands
    from ..benchmark.command import Wanted

    asked = Wanted(
        preset=preset, domains=tuple(domain or ()), cases=tuple(case or ()), models=tuple(model or ()), seeds=seeds,
        seed=tuple(seed or ()), shares=tuple(share or ()), init=init, tune=tune, file=cases, peers=peers,
    )  # fmt: skip
    commands.bench(asked, out, resume=resume, force=force, as_json=json)


def compare(first: BenchPath, second: BenchPath, json: Json = False) -> None:
    """Say how the SECOND benchmark differs from the FIRST, and what differs by more than its interval."""
    from .. import commands

    commands.compare(first, second, as_json=json)


def join(
    several: Annotated[list[Path], typer.Argument(help="Folders of benchmarks.", show_default=False)],
    out: Annotated[Path, typer.Option(help="The folder to write.", show_default=False)],
) -> None:
    """Write several benchmarks as one, with one page; of a run done twice, that of the later counts."""
    from .. import commands

    commands.join(several, out)


def tables(
    path: Annotated[
        Path, typer.Argument(help="A benchmark's folder or JSON, or a document with places for tables (.md).")
    ],
) -> None:
    """Print what a benchmark came to as a Markdown table, or write such tables into their places in a document."""
    from .. import commands

    commands.tables(path)
