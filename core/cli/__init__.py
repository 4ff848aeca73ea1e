"""The command line: the same grammar in every domain; heavy imports happen inside commands."""

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ..domains import domains
from .bench import build_bench
from .domain import build_commands
from .failing import tell
from .options import Data, Device, Json, RunPath

__all__ = ["Data", "Device", "RunPath", "build_app", "build_commands", "main"]


def _let_threads_sleep() -> None:
    """Have torch's threads spin for a moment and then sleep while they wait, unless the user has chosen.

    On a machine that other programs use too, a spinning thread holds up all the others; one that sleeps at once wakes
    too late for small models (docs/measurements/trainer.md, "Threads that sleep").
    """
    if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & os.environ.keys():
        os.environ.update(OMP_WAIT_POLICY="PASSIVE", GOMP_SPINCOUNT="300")


def main() -> NoReturn:
    """Run the command line; exit with 0, 1 (the work failed) or 2 (wrong usage or bad data)."""
    _let_threads_sleep()
    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        build_app()(arguments, prog_name="fourfold")
    except Exception as error:
        if debug:
            raise
        sys.exit(tell(error, as_json="--json" in arguments))
    sys.exit(0)


def build_app() -> typer.Typer:
    """Return the application with one group of commands for each installed domain."""
    app = typer.Typer(
        help="Fourfold: one Transformer core for text, images, clicks and speech.",
        epilog="Every command takes --debug: show the traceback of an error.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(_options)
    for domain in domains().values():
        app.add_typer(build_commands(domain), name=domain.name)
    app.add_typer(build_bench(), name="bench")
    app.command()(demo)
    app.command()(info)
    return app


def demo(
    out: Annotated[Path, typer.Option(help="Where the benchmark and its page go.")] = Path("runs/demo"),
) -> None:
    """Measure all domains on embedded data, and show predictions that a person can check, in a few minutes."""
    from .. import commands

    commands.demo(out)


def info(json: Json = False) -> None:
    """Say which versions, devices and domains are here."""
    from .. import commands

    commands.info(as_json=json)


def _show_version(asked: bool) -> None:
    if asked:
        from ... import __version__

        print(__version__)
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Take the options that stand before a command."""
