"""Recordings for the tests of speech: each word is a sequence of tones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import torch

torch.set_num_threads(1)

Tone = Callable[..., npt.NDArray[np.float32]]
TONES = {"a": 300.0, "b": 700.0, "c": 1500.0, " ": 0.0}


def tone(text: str, seed: int = 0, rate: int = 8000, seconds: float = 0.12) -> npt.NDArray[np.float32]:
    """Say `text` letter by letter, in noise."""
    random = np.random.default_rng(seed)
    time = np.arange(int(rate * seconds)) / rate
    letters = [np.sin(2 * np.pi * TONES[letter] * time) for letter in text]
    wave = 0.5 * np.concatenate(letters) + 0.01 * random.standard_normal(len(time) * len(text))
    return wave.astype(np.float32)


@pytest.fixture
def say() -> Tone:
    return tone


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A CSV of four recordings in a folder beside it."""
    (tmp_path / "wavs").mkdir()
    texts = ["ab", "ba", "ab c", "c"]
    for number, text in enumerate(texts):
        soundfile.write(tmp_path / "wavs" / f"{number}.wav", tone(text, number), 8000)
    lines = ["audio,text", *(f"wavs/{number}.wav,{text}" for number, text in enumerate(texts))]
    path = tmp_path / "train.csv"
    path.write_text("\n".join(lines) + "\n")
    return path
