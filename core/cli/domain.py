"""The commands of a domain: the same grammar in each, made from one factory."""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from ..domains import Domain
from .options import Config, Data, Device, Force, Init, Json, Precision, Preset, Resume, RunPath, Seed, Set, Valid


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
        from .. import commands

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
        from .. import commands

        settings = commands.Settings(preset, init, None, seed, device, config, tuple(set or ()))
        searches = commands.Searches(budget, trials, space, tuple(search or ()), resume)
        commands.tune(domain, settings, commands.Files(data, input, label, valid, None), out, searches, as_json=json)


def _add_eval(app: typer.Typer, domain: Domain, columns: _Columns) -> None:
    @app.command("eval")
    def evaluate(  # noqa: PLR0913 (each option of the command is a parameter)
        run: RunPath,
        data: Data,
        input: str | None = columns.input,
        label: str | None = columns.label,
        device: Device = "auto",
        precision: Precision = "float32",
        report: Annotated[Path | None, typer.Option(help="Write an HTML page here.")] = None,
        set: Annotated[list[str] | None, _answering(domain)] = None,
        json: Json = False,
    ) -> None:
        """Measure a trained model on labelled DATA, beside its baseline, with 95 % intervals."""
        from .. import commands

        trained = commands.Trained(run, device, precision, tuple(set or ()))
        commands.evaluate(domain, trained, data, (input, label), report, as_json=json)


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
        precision: Precision = "float32",
        set: Annotated[list[str] | None, _answering(domain)] = None,
        json: Json = False,
    ) -> None:
        """Predict for INPUTS, or for every row of --file."""
        from .. import commands

        trained = commands.Trained(run, device, precision, tuple(set or ()))
        asked = commands.Asked(inputs or [], file, input, top, by)
        answer = commands.stream if stream else commands.predict
        answer(domain, trained, asked, out, as_json=json)


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
        from .. import commands

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
        from .. import commands

        first = commands.pretrain_setting(domain)
        settings = commands.Settings(preset, init, None, seed, device, config, (*first, *(set or ())))
        files = commands.Files(data, input, None, "0", None)
        commands.pretrain(domain, settings, files, out, resume=resume, force=force)
