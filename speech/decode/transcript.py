"""What a decoder answers."""

from __future__ import annotations


class Transcript(str):
    """A transcript with the probability that the model gives it."""

    __slots__ = ("confidence",)
    confidence: float

    def __new__(cls, text: str, confidence: float) -> Transcript:
        transcript = super().__new__(cls, text)
        transcript.confidence = confidence
        return transcript
