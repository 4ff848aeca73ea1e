"""The commands that only speech has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from ..core.cli import Data, Device, RunPath
from ..core.errors import BadValue, OutputTaken

_NUMBER = r"-?\d+(?:\.\d+)?"


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
    from .language import LanguageConfig, estimate, perplexity, text_lines, write_arpa

    if out.exists() and not force:
        raise OutputTaken(f"{out}: it is there already; replace it with --force")
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
    from .pipeline import SpeechRecognizer
    from .times import WRITERS

    if out.suffix not in WRITERS:
        raise BadValue(f"{out}: what is written is .ctm or .jsonl; name such a file")
    model = SpeechRecognizer.load(run, device=device)
    examples = model.read_labelled(data, input=input, label=label)
    names = [clip.name for clip in examples.inputs]
    out.write_text(WRITERS[out.suffix](names, model.align(examples)), encoding="utf-8")
    typer.echo(f"wrote the words of {len(names):,} recordings to {out}", err=True)


def synthesize(  # noqa: PLR0913
    texts: Annotated[Path, typer.Argument(help="A text file, a sentence a line.")],
    out: Annotated[Path, typer.Option(help="The folder to write; what is there is not made again.")],
    voices: Annotated[str, typer.Option(help="eSpeak NG's, between commas, as en-us,en+f3; 72 of English.")] = "",
    rates: Annotated[str, typer.Option(help="Words a minute, LOW-HIGH.")] = "120-220",
    noise: Annotated[str, typer.Option(help="Signal-to-noise ratio in dB, or LOW-HIGH; none if not given.")] = "",
    noises: Annotated[Path | None, typer.Option(help="A folder of recorded noise; else white and pink.")] = None,
    count: Annotated[int, typer.Option(min=0, help="How many utterances; 0: one of each sentence.")] = 0,
    test: Annotated[float, typer.Option(min=0, help="The share of voices and of sentences kept for test.csv.")] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same files.")] = 0,
    flac: Annotated[bool, typer.Option("--flac", help="Write FLAC instead of WAV: half the size.")] = False,
) -> None:
    """Have eSpeak NG say sentences: a data set of synthetic speech, manifest.csv and test.csv."""
    from .synth import MANY_VOICES, SynthesisConfig
    from .synth import synthesize as make

    loud = span("noise", noise) if noise else None
    config = SynthesisConfig(
        rates=span("rates", rates), noise=loud, noises=noises, count=count, test=test, seed=seed,
        format="flac" if flac else "wav", voices=tuple(voices.replace(",", " ").split()) or MANY_VOICES,
    )  # fmt: skip
    done = make(texts, out, config, progress=_show)
    for why in done.why:
        typer.echo(f"left out {why}", err=True)
    more = f", left out {done.left_out:,}" if done.left_out else ""
    typer.echo(f"{out}: {done.train:,} utterances to train, {done.test:,} to test ({done.made:,} new{more})", err=True)


def span(name: str, text: str) -> tuple[float, float]:
    """Return LOW-HIGH, or one number, as two; raises ConfigError for anything else.

    >>> span("noise", "-5-20"), span("rates", "160")
    ((-5.0, 20.0), (160.0, 160.0))
    """

    found = re.fullmatch(rf"({_NUMBER})(?:-({_NUMBER}))?", text.strip())
    if not found:
        raise BadValue(f"{name} ('{text}') must be LOW-HIGH or one number")
    low, high = found.groups()
    return float(low), float(high or low)


def _show(done: int, total: int) -> None:
    """Keep one line on a terminal, and write one now and then elsewhere."""
    import sys

    terminal, last = sys.stderr.isatty(), done == total
    if last or done % (20 if terminal else 1000) == 0:
        start, end = ("\r", "\n" if last else "") if terminal else ("", "\n")
        print(f"{start}said {done:,} of {total:,}", end=end, file=sys.stderr, flush=True)
