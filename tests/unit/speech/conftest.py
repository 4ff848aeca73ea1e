"""Recordings for the tests of speech: each word is a sequence of tones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import torch
from letters import tone

torch.set_num_threads(1)

Tone = Callable[..., npt.NDArray[np.float32]]


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
