"""What synthetic speech is to sound like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...core.errors import BadValue, WrongUsage

ACCENTS = ("en-us", "en", "en-gb-x-rp")
VARIANTS = (
    "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5", "Alex", "Alicia", "Andrea", "Annie",
    "Denis", "Michael", "Mike", "belinda", "linda", "rob", "steph",
)  # fmt: skip
MANY_VOICES = tuple(f"{accent}+{variant}" for variant in VARIANTS for accent in ACCENTS)
"""English by 24 voices in three accents."""

Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class SynthesisConfig:
    """How sentences are said, and how many times.

    `count` is the number of utterances, 0: one of each sentence; more than there are go round again. `rates` are in
    words a minute, `pitches` of 0 … 100, and `noise` is the range of the signal-to-noise ratio in dB, None: no noise.
    It is white or pink, or of the recordings below `noises`. `test` is the share of the sentences that the test part
    takes, and of the voices: neither is ever in training.
    """

    voices: tuple[str, ...] = MANY_VOICES
    rates: Range = (120, 220)
    pitches: Range = (30, 70)
    noise: Range | None = None
    noises: Path | None = None
    count: int = 0
    test: float = 0.0
    seed: int = 0
    format: Literal["wav", "flac"] = "wav"
    sample_rate: int = 16000

    def __post_init__(self) -> None:
        if not self.voices or len(set(self.voices)) < len(self.voices):
            raise BadValue("voices: none, or one of them twice; name some that differ, as en-us+m3,en-us+f2")
        for name, low, high in (("rates", 80, 450), ("pitches", 0, 100)):
            first, last = getattr(self, name)
            if not low <= first <= last <= high:
                raise BadValue(f"{name} ({first:g}-{last:g}) must be LOW-HIGH in {low} … {high}")
        if self.noise and not -20 <= self.noise[0] <= self.noise[1] <= 100:
            raise BadValue(f"noise ({self.noise[0]:g}-{self.noise[1]:g}) must be LOW-HIGH in -20 … 100 dB")
        if self.noises and not self.noise:
            raise WrongUsage(f"noises ({self.noises}): how loud? Give noise too, in dB, as 10-20")
        if self.count < 0 or self.seed < 0:
            raise BadValue(f"count ({self.count}) and seed ({self.seed}) must be at least 0")
        if not 0 <= self.test < 1:
            raise BadValue(f"test ({self.test}) must be a share: at least 0 and below 1")
        if self.format not in ("wav", "flac"):
            raise BadValue(f"format ('{self.format}') must be wav or flac")
        if not 8000 <= self.sample_rate <= 48000:
            raise BadValue(f"sample_rate ({self.sample_rate}) must be in 8000 … 48000 Hz")
