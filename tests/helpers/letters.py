"""Speech of tones: each letter has its own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

TONES = {"a": 300.0, "b": 700.0, "c": 1500.0, " ": 0.0}


def tone(text: str, seed: int = 0, rate: int = 8000, seconds: float = 0.12) -> npt.NDArray[np.float32]:
    """Say `text` letter by letter, in noise."""
    random = np.random.default_rng(seed)
    time = np.arange(int(rate * seconds)) / rate
    letters = [np.sin(2 * np.pi * TONES[letter] * time) for letter in text]
    wave = 0.5 * np.concatenate(letters) + 0.01 * random.standard_normal(len(time) * len(text))
    return wave.astype(np.float32)
