"""The commands that only speech has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..core.cli import Data, Device, RunPath


def language(
    texts: Annotated[list[Path], typer.Argument(help="Text files, plain or .gz, one sentence a line.")],
    out: Annotated[Path, typer.Option(help="The ARPA file to write, plain or .gz.")],
    order: Annotated[int, typer.Option(min=1, max=5, help="The longest n-gram.")] = 3,
    units: Annotated[str, typer.Option(help="words or characters.")] = "words",
    test: Annotated[Path | None, typer.Option(help="A text to measure the model's perplexity on.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Estimate an n-gram model of TEXTS, for `--set decoding.lm=FILE` of train, eval and predict.

    The texts must be written as the transcripts are: upper and lower case, digits, punctuation.
    """
    from ..core.config import from_dict
    from ..core.errors import ConfigError
    from .language import LanguageConfig, estimate, perplexity, text_lines, write_arpa

    if out.exists() and not force:
        raise ConfigError(f"{out}: it is there already; replace it with --force")
    config = from_dict(LanguageConfig, {"order": order, "units": units})
    model = estimate(text_lines(texts), config)
    write_arpa(model, out)
    counts = ", ".join(f"{count:,} {n}-grams" for n, count in enumerate(model.counts, 1))
    typer.echo("\n".join((*model.notes, f"wrote {counts} to {out}")), err=True)
    if test is not None:
        found = perplexity(model, text_lines([test]))
        typer.echo(f"perplexity {found.value:.4g} over {found.words:,} {units}, {found.unknown:,} of them unknown")


def align(
    run: RunPath,
    data: Data,
    out: Annotated[Path, typer.Option(help="A .ctm (NIST's form) or .jsonl file to write.")],
    input: Annotated[str | None, typer.Option(help="The column to read (default: audio).")] = None,
    label: Annotated[str | None, typer.Option(help="The transcripts' column (default: text).")] = None,
    device: Device = "auto",
) -> None:
    """Say when each word of DATA's transcripts is said, by a trained model."""
    from ..core.errors import ConfigError
    from .pipeline import SpeechRecognizer
    from .times import WRITERS

    if out.suffix not in WRITERS:
        raise ConfigError(f"{out}: what is written is .ctm or .jsonl; name such a file")
    model = SpeechRecognizer.load(run, device=device)
    examples = model.read_labelled(data, input=input, label=label)
    names = [clip.name for clip in examples.inputs]
    out.write_text(WRITERS[out.suffix](names, model.align(examples)), encoding="utf-8")
    typer.echo(f"wrote the words of {len(names):,} recordings to {out}", err=True)
