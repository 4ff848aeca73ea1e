"""What a decoder answers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...core.objectives import Prediction


@dataclass(frozen=True)
class Word:
    """A word, from `start` to `end` in seconds of the recording.

    Its `confidence` is the geometric mean of the probabilities that CTC gives its units at the steps where they are.
    """

    word: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True)
class Alternative:
    """A transcript that may be said instead, with its probability and the logarithm of its score in the search."""

    text: str
    confidence: float
    score: float


class Transcript(str):
    """A transcript with the probability that the model gives it, its alternatives (the best first) and its words."""

    __slots__ = ("alternatives", "confidence", "words")
    confidence: float
    alternatives: tuple[Alternative, ...]
    words: tuple[Word, ...]

    def __new__(
        cls,
        text: str,
        confidence: float,
        alternatives: tuple[Alternative, ...] = (),
        words: tuple[Word, ...] = (),
    ) -> Transcript:
        transcript = super().__new__(cls, text)
        transcript.confidence, transcript.alternatives, transcript.words = confidence, alternatives, words
        return transcript


@dataclass(frozen=True)
class SpeechPrediction(Prediction):
    """A transcript with its probability and, where they are asked for, alternatives and words with their times."""

    alternatives: tuple[Alternative, ...] = ()
    words: tuple[Word, ...] = ()


def prediction_of(text: Any) -> SpeechPrediction:
    """Return a transcript, or the text of a baseline, as an answer."""
    return SpeechPrediction(
        str(text),
        getattr(text, "confidence", None),
        alternatives=getattr(text, "alternatives", ()),
        words=getattr(text, "words", ()),
    )


def joined(parts: Sequence[Transcript], starts: Sequence[float]) -> Transcript:
    """Return the transcript of a recording of those of its pieces, which begin at `starts` seconds.

    Its probability is the product of theirs; as many alternatives are kept as one of the pieces has. No pieces are
    silence.

    >>> whole = joined([Transcript("so", 0.5), Transcript("it is", 0.8)], [0.0, 20.0])
    >>> whole, whole.confidence
    ('so it is', 0.4)
    """
    text, confidence = " ".join(part for part in parts if part), 1.0
    for part in parts:
        confidence *= part.confidence
    words = [
        replace(word, start=word.start + start, end=word.end + start)
        for part, start in zip(parts, starts, strict=True)
        for word in part.words
    ]
    return Transcript(text, confidence, _combined([part.alternatives for part in parts]), tuple(words))


def _combined(parts: Sequence[tuple[Alternative, ...]]) -> tuple[Alternative, ...]:
    """Return the best combinations of alternatives, piece by piece."""
    if not parts or not all(parts):
        return ()
    found = parts[0]
    for part in parts[1:]:
        both = [
            Alternative(" ".join(filter(None, (a.text, b.text))), a.confidence * b.confidence, a.score + b.score)
            for a, b in itertools.product(found, part)
        ]
        found = tuple(sorted(both, key=lambda one: -one.confidence)[: max(len(found), len(part))])
    return found
