"""Numbers from 0 to 99, said and written, for the demo and the tests."""

from __future__ import annotations

import numpy as np

from ..audio import Wave, resample
from .engine import speak

RATE = 16000
"""The sample rate in Hz of `spoken_numbers`."""

VOICES = ("en-us", "en-us+m3", "en-us+m7", "en-us+f2", "en-us+f4", "en", "en+m2", "en+f3", "en-gb-scotland")

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"


def spoken_numbers(count: int, seed: int = 0) -> tuple[list[Wave], list[str]]:
    """Return waves at 16 kHz of numbers from 0 to 99, by several voices, speeds and pitches, and texts."""
    random = np.random.default_rng(seed)
    texts = [number_words(int(number)) for number in random.integers(0, 100, count)]
    waves = []
    for text in texts:
        voice = VOICES[random.integers(len(VOICES))]
        speed, pitch = int(random.integers(130, 211)), int(random.integers(30, 71))
        wave, rate = speak(text, voice, speed=speed, pitch=pitch)
        waves.append(resample(wave, rate, RATE))
    return waves, texts


def number_words(number: int) -> str:
    """Return a number from 0 to 99 in words.

    >>> number_words(42), number_words(7), number_words(90)
    ('forty two', 'seven', 'ninety')
    """
    small, tens = _SMALL.split(), _TENS.split()
    if number < 20:
        return small[number]
    return tens[number // 10 - 2] + (f" {small[number % 10]}" if number % 10 else "")
