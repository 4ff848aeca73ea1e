"""What an evaluation says of a recogniser beside its error rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from ...core.batch import Examples
from ...core.report import Difference, Evaluation, Media, Mistake
from ...core.training import Output
from ..data import transcripts
from .media import Timed, media_of
from .normalise import ABOUT, EvaluationConfig
from .tables import Comparison

Times: TypeAlias = Callable[[int], Sequence[Timed]]
"""From a row to the words that were heard, with their times; none where nobody knows them."""

MISTAKES, HEAVIEST = 20, 1_500_000
"""The utterances that are listed, and the bytes that sounds and pictures may take in all."""


def described(
    evaluation: Evaluation, outputs: Output, examples: Examples, config: EvaluationConfig, times: Times
) -> Evaluation:
    """Add kinds of error, errors by speaker, length and word, the worst utterances to be heard, and the speed."""
    of = Comparison.of(transcripts(examples), [str(text) for text in outputs], examples.inputs, config.normalise)
    facts = {"texts are compared": ABOUT[config.normalise]} | speed(evaluation.seconds, of)
    mistakes = _mistakes(of, outputs, examples, config.play, times)
    return replace(evaluation, tables=of.tables(), mistakes=mistakes, facts=evaluation.facts | facts)


def speed(seconds: float, of: Comparison) -> dict[str, str]:
    """Return the real-time factor: seconds of computing for one of sound, files read and frames made before."""
    sound = sum(clip.seconds for clip in of.clips)
    if not seconds or not sound:
        return {}
    return {"real-time factor": f"{seconds / sound:.3g} ({seconds:.1f} s for {sound:,.1f} s, without reading files)"}


def _mistakes(of: Comparison, outputs: Output, examples: Examples, play: int, times: Times) -> tuple[Mistake, ...]:
    truths, left, found = transcripts(examples), HEAVIEST, []
    for place, row in enumerate(of.worst()[:MISTAKES]):
        media: tuple[Media, ...] = media_of(of.clips[row], times(row)) if place < play else ()
        size = sum(len(one.uri) for one in media)
        if size > left:  # a shorter one may still fit
            media, size = (), 0
        left -= size
        mistake = Mistake(
            place=examples.place(row),
            truth=truths[row],
            prediction=str(outputs[row]),
            score=float(of.words[row].errors),
            difference=Difference.of(of.aligned(row), of.joint),
            media=media,
        )
        found.append(mistake)
    return tuple(found)
