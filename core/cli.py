"""The command line: the same grammar in every domain, made from one factory; heavy imports happen inside commands."""

import errno
import os
import sys
from pathlib import Path
from typing import Annotated, Any, NamedTuple, NoReturn

import typer

from .domains import Domain, domains
from .errors import FourfoldError

Data = Annotated[str, typer.Argument(help="A file or folder of labelled data.", show_default=False)]
RunPath = Annotated[Path, typer.Argument(help="The folder of a trained model.", show_default=False)]
BenchPath = Annotated[Path, typer.Argument(help="The folder of a benchmark.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object on stdout.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:0.")]
Preset = Annotated[
    str | None,
    typer.Option(
        help="tiny, small (the default), base, finetune (with --init), linear, or another of the domain's.",
        show_default=False,
    ),
]
Init = Annotated[str | None, typer.Option(help="A pretrained model: a folder, or its name on the hub.")]
Seed = Annotated[int | None, typer.Option(help="Decides everything random.", show_default=False)]
Config = Annotated[Path | None, typer.Option(help="A TOML file of settings.")]
Valid = Annotated[
    str | None,
    typer.Option(help="A share of the rows, or a path. Default: what DATA has for it, else 0.1.", show_default=False),
]
Set = Annotated[list[str] | None, typer.Option(help="One setting, such as train.epochs=5; may be repeated.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the run in --out.")]


_PATHS = (errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EACCES)
"""What the system says of paths that a person should look at again."""


def main() -> NoReturn:
    """Run the command line; exit with 0, 1 (the work failed) or 2 (wrong usage or bad data)."""
    # torch's threads sleep, not spin, while they wait: on a machine that other programs use too, a spinning thread
    # holds up all the others (two threads on two busy cores: 28 times slower).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        build_app()(arguments, prog_name="fourfold")
    except FourfoldError as error:
        if debug:
            raise
        print(f"error: {_harmless(str(error))}", file=sys.stderr)
        sys.exit(error.exit_code)
    except MemoryError:
        if debug:
            raise
        print("error: not enough memory; give less data at once, or a larger machine", file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        if debug:
            raise
        if isinstance(error, OSError) and error.filename and error.errno in _PATHS:
            path, reason = _harmless(str(error.filename)), str(error.strerror).lower()
            print(f"error: {path}: {reason}; check the path", file=sys.stderr)
            sys.exit(2)
        reason = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else repr(error)
        print(f"error: {_harmless(reason)} (--debug shows where)", file=sys.stderr)
        sys.exit(1)
    sys.exit(0)


def _harmless(message: str) -> str:
    """Return a message as one line in which names out of data cannot steer the terminal."""
    if message.isprintable():
        return message
    from .report import visible

    return str(visible(message)).replace("\n", " ")


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


class _Columns(NamedTuple):
    """The options of a domain that name columns."""

    input: Any
    label: Any


def build_commands(domain: Domain) -> typer.Typer:
    """Return `train`, `tune`, `eval`, `predict` and `check` for a domain, `pretrain` where it has it, and its own."""
    app = typer.Typer(help=domain.summary, no_args_is_help=True)
    input_help = f"The column to read (default: {domain.input or 'all but the label'})."
    label_help = f"The label's column (default: {domain.label})."
    columns = _Columns(
        typer.Option(None, "--input", help=input_help, show_default=False),
        typer.Option(None, "--label", help=label_help, show_default=False),
    )
    _add_train(app, domain, columns)
    _add_tune(app, domain, columns)
    if domain.pretrain is not None:
        _add_pretrain(app, domain)
    _add_eval(app, domain, columns)
    _add_predict(app, domain, columns)
    _add_check(app, domain, columns)
    for command in domain.load_commands():
        app.command()(command)
    return app


def _add_train(app: typer.Typer, domain: Domain, columns: _Columns) -> None:
    @app.command()
    def train(  # noqa: PLR0913 (each option of the command is a parameter)
        data: Data,
        input: str | None = columns.input,
        label: str | None = columns.label,
        out: Annotated[Path | None, typer.Option(help=f"Default: runs/{domain.name}-N.", show_default=False)] = None,
        valid: Valid = None,
        test: Annotated[
            str | None, typer.Option(help="A share of the rows, or a path; measured once, at the end.")
        ] = None,
        preset: Preset = None,
        init: Init = None,
        pretrain: Annotated[
            bool, typer.Option("--pretrain", help="Learn from the inputs first.", hidden=domain.pretrain is None)
        ] = False,
        backbone: Annotated[
            str | None,
            typer.Option(help="A model of timm instead of ours, such as timm:resnet18.", hidden=not domain.backbones),
        ] = None,
        teacher: Annotated[Path | None, typer.Option(help="A run to learn from beside the labels.")] = None,
        budget: Annotated[
            str | None, typer.Option(help="Training time, such as 90s or 10m; it takes the place of epochs and bounds.")
        ] = None,
        seed: Seed = None,
        device: Device = "auto",
        config: Config = None,
        set: Set = None,
        resume: Resume = False,
        force: Force = False,
        json: Json = False,
    ) -> None:
        """Train on DATA, compare with the classical baseline, and save the model."""
        from . import commands

        first = commands.pretrain_setting(domain) if pretrain else ()
        first = (*first, *commands.backbone_setting(domain, backbone))
        settings = commands.Settings(preset, init, budget, seed, device, config, (*first, *(set or ())), teacher)
        files = commands.Files(data, input, label, valid, test)
        commands.train(domain, settings, files, out, resume=resume, force=force, as_json=json)


def _add_tune(app: typer.Typer, domain: Domain, columns: _Columns) -> None:
    @app.command()
    def tune(  # noqa: PLR0913 (each option of the command is a parameter)
        data: Data,
        input: str | None = columns.input,
        label: str | None = columns.label,
        out: Annotated[
            Path | None, typer.Option(help=f"Default: runs/{domain.name}-tune-N.", show_default=False)
        ] = None,
        valid: Valid = None,
        preset: Preset = None,
        init: Init = None,
        budget: Annotated[
            str | None, typer.Option(help="Time of the whole study (default: 30m, or as long as --trials take).")
        ] = None,
        trials: Annotated[int | None, typer.Option(help="At most so many.", show_default=False)] = None,
        space: Annotated[Path | None, typer.Option(help="A TOML file of settings with ranges or options.")] = None,
        search: Annotated[
            list[str] | None,
            typer.Option(help="One more to search: train.optimizer.lr=1e-4..1e-2:log, model.dropout=0.1,0.2 or …=off."),
        ] = None,
        seed: Seed = None,
        device: Device = "auto",
        config: Config = None,
        set: Set = None,
        resume: Annotated[bool, typer.Option("--resume", help="Go on with the study in --out.")] = False,
        json: Json = False,
    ) -> None:
        """Search settings on DATA, the preset's own first, and write the best as best.toml (extra: tune)."""
        from . import commands

        settings = commands.Settings(preset, init, None, seed, device, config, tuple(set or ()))
        searches = commands.Searches(budget, trials, space, tuple(search or ()), resume)
        commands.tune(domain, settings, commands.Files(data, input, label, valid, None), out, searches, as_json=json)


def _add_eval(app: typer.Typer, domain: Domain, columns: _Columns) -> None:
    @app.command("eval")
    def evaluate(
        run: RunPath,
        data: Data,
        input: str | None = columns.input,
        label: str | None = columns.label,
        device: Device = "auto",
        report: Annotated[Path | None, typer.Option(help="Write an HTML page here.")] = None,
        set: Annotated[list[str] | None, _answering(domain)] = None,
        json: Json = False,
    ) -> None:
        """Measure a trained model on labelled DATA, beside its baseline, with 95 % intervals."""
        from . import commands

        names, settings = (input, label), tuple(set or ())
        commands.evaluate(domain, run, data, names, device, report, settings, as_json=json)


def _add_predict(app: typer.Typer, domain: Domain, columns: _Columns) -> None:
    @app.command()
    def predict(  # noqa: PLR0913 (each option of the command is a parameter)
        run: RunPath,
        inputs: Annotated[list[str] | None, typer.Argument(help="What to predict for.", show_default=False)] = None,
        file: Annotated[str | None, typer.Option(help="A file or folder of data instead.")] = None,
        input: str | None = columns.input,
        out: Annotated[
            Path | None, typer.Option(help="Write a CSV, or .jsonl, here; order and number of rows are kept.")
        ] = None,
        top: Annotated[
            int, typer.Option(min=0, help="Only so many of the best rows, the best first.", hidden=not domain.ranks)
        ] = 0,
        by: Annotated[
            str | None, typer.Option(help="With --top: of each value of this column.", hidden=not domain.ranks)
        ] = None,
        stream: Annotated[
            bool,
            typer.Option(
                "--stream",
                help="Hear one input as it comes, - is standard input, and print partial results.",
                hidden=domain.stream is None,
            ),
        ] = False,
        device: Device = "auto",
        set: Annotated[list[str] | None, _answering(domain)] = None,
        json: Json = False,
    ) -> None:
        """Predict for INPUTS, or for every row of --file."""
        from . import commands

        asked = commands.Asked(inputs or [], file, input, top, by, tuple(set or ()))
        if stream:
            commands.stream(domain, run, asked, device, out, as_json=json)
            return
        commands.predict(domain, run, asked, device, out, as_json=json)


def _answering(domain: Domain) -> Any:
    """Return the option that changes how a trained model answers."""
    about = f"One setting of how answers are made, such as {domain.answering}.…; may be repeated."
    return typer.Option(help=about, hidden=domain.answering is None)


def _add_check(app: typer.Typer, domain: Domain, columns: _Columns) -> None:
    @app.command()
    def check(
        data: Data,
        input: str | None = columns.input,
        label: str | None = columns.label,
        test: Annotated[str | None, typer.Option(help="Data to test on: say what they share.")] = None,
        config: Config = None,
        set: Set = None,
        json: Json = False,
    ) -> None:
        """Read DATA as training with these settings would, and say what is in it and what is wrong with it."""
        from . import commands

        settings = commands.Settings(None, None, None, None, "auto", config, tuple(set or ()))
        commands.check(domain, settings, data, (input, label), test, as_json=json)


def _add_pretrain(app: typer.Typer, domain: Domain) -> None:
    @app.command()
    def pretrain(  # noqa: PLR0913 (each option of the command is a parameter)
        data: Data,
        input: Annotated[str | None, typer.Option("--input", help=f"Default: {domain.input}.")] = None,
        out: Annotated[Path | None, typer.Option(help=f"Default: runs/{domain.name}-pretrained-N.")] = None,
        preset: Preset = None,
        init: Init = None,
        seed: Seed = None,
        device: Device = "auto",
        config: Config = None,
        set: Set = None,
        resume: Resume = False,
        force: Force = False,
    ) -> None:
        """Learn from the inputs of DATA alone, labels or none; `train --init` goes on from there."""
        from . import commands

        first = commands.pretrain_setting(domain)
        settings = commands.Settings(preset, init, None, seed, device, config, (*first, *(set or ())))
        files = commands.Files(data, input, None, "0", None)
        commands.pretrain(domain, settings, files, out, resume=resume, force=force)


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
    from . import commands
    from .benchmark.command import Wanted

    asked = Wanted(
        preset=preset, domains=tuple(domain or ()), cases=tuple(case or ()), models=tuple(model or ()), seeds=seeds,
        seed=tuple(seed or ()), shares=tuple(share or ()), init=init, tune=tune, file=cases, peers=peers,
    )  # fmt: skip
    commands.bench(asked, out, resume=resume, force=force, as_json=json)


def compare(first: BenchPath, second: BenchPath, json: Json = False) -> None:
    """Say how the SECOND benchmark differs from the FIRST, and what differs by more than its interval."""
    from . import commands

    commands.compare(first, second, as_json=json)


def join(
    several: Annotated[list[Path], typer.Argument(help="Folders of benchmarks.", show_default=False)],
    out: Annotated[Path, typer.Option(help="The folder to write.", show_default=False)],
) -> None:
    """Write several benchmarks as one, with one page; of a run done twice, that of the later counts."""
    from . import commands

    commands.join(several, out)


def tables(
    results: BenchPath,
    document: Annotated[
        Path | None, typer.Argument(help="Write it between the marks in this file.", show_default=False)
    ] = None,
) -> None:
    """Print what a benchmark came to as a Markdown table, or put it into DOCUMENT."""
    from . import commands

    commands.tables(results, document)


def demo(
    out: Annotated[Path, typer.Option(help="Where the benchmark and its page go.")] = Path("runs/demo"),
) -> None:
    """Measure all domains on embedded data, and show predictions that a person can check, in a few minutes."""
    from . import commands

    commands.demo(out)


def info(json: Json = False) -> None:
    """Say which versions, devices and domains are here."""
    from . import commands

    commands.info(as_json=json)


def _show_version(asked: bool) -> None:
    if asked:
        from .. import __version__

        print(__version__)
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Take the options that stand before a command."""
