"""The speech cases: spoken numbers by eSpeak NG, and real recordings where the data lies."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..core.benchmark import Case, Split, data_root
from .data import read
from .synth import spoken_numbers

_TEST_CLIPS = 100


def _numbers(seed: int) -> Split:
    waves, texts = spoken_numbers(700, seed)
    examples = read(waves, texts)
    rows = np.arange(len(examples))
    return Split(examples.take(rows[:-_TEST_CLIPS]), examples.take(rows[-_TEST_CLIPS:]))


def _fsdd(seed: int) -> Split:
    """Free Spoken Digit Dataset (Jackson et al.), the official split: takes 0 to 4 are the test."""
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    files = sorted(_folder("fsdd/recordings").glob("*.wav"))
    test = [int(path.stem.split("_")[2]) < 5 for path in files]
    return _split(files, [names[int(path.stem[0])] for path in files], test)


def _yesno(seed: int) -> Split:
    """Kaldi's yesno: eight words in each file name; the first 31 of the sorted files train."""
    files = sorted(_folder("yesno").rglob("*.wav"))
    words = [" ".join("yes" if digit == "1" else "no" for digit in path.stem.split("_")) for path in files]
    return _split(files, words, [number >= 31 for number in range(len(files))])


def _split(files: list[Path], texts: list[str], test: list[bool]) -> Split:
    examples, chosen = read(files, texts), np.array(test)
    return Split(examples.take(np.flatnonzero(~chosen)), examples.take(np.flatnonzero(chosen)))


def _folder(name: str) -> Path:
    root = data_root()
    assert root is not None, "a case that needs data runs only where it is"
    return root / "speech" / name


CASES = (
    Case(name="numbers", about="spoken numbers by eSpeak NG, several voices", load=_numbers, synthetic=True),
    Case(name="fsdd", about="Free Spoken Digit Dataset, the official split", load=_fsdd, needs="speech/fsdd"),
    Case(name="yesno", about="yesno, eight words a file", load=_yesno, needs="speech/yesno"),
)
