"""The commands that only speech has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


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
