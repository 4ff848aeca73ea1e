"""Speech of tones: each letter has its own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

TONES = {"a": 300.0, "b": 700.0, "c": 1500.0, " ": 0.0}
WORDS = ["a", "b", "c", "ab", "ba", "cab", "bc"]


def tone(text: str, seed: int = 0, rate: int = 8000, seconds: float = 0.12) -> npt.NDArray[np.float32]:
    """Say `text` letter by letter, in noise."""
    random = np.random.default_rng(seed)
    time = np.arange(int(rate * seconds)) / rate
    letters = [np.sin(2 * np.pi * TONES[letter] * time) for letter in text]
    wave = 0.5 * np.concatenate(letters) + 0.01 * random.standard_normal(len(time) * len(text))
    return wave.astype(np.float32)


def spoken(text: str, seed: int) -> npt.NDArray[np.float32]:
    """Return a text in tones of 0.16 s."""
    return tone(text, seed, seconds=0.16)


def sentences(count: int, seed: int = 0) -> list[str]:
    """Return texts of one to three words."""
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(WORDS, random.integers(1, 4))) for _ in range(count)]
