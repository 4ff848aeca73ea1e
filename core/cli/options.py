"""The arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[str, typer.Argument(help="A file or folder of labelled data.", show_default=False)]
RunPath = Annotated[Path, typer.Argument(help="The folder of a trained model.", show_default=False)]
BenchPath = Annotated[Path, typer.Argument(help="The folder of a benchmark.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object on stdout.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:0.")]
Precision = Annotated[
    str, typer.Option(help="float32, bfloat16, float16 (for GPUs), or auto: what the hardware does fast.")
]
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
