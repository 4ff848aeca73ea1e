"""The speech cases: spoken numbers by eSpeak NG, and real recordings where the data lies."""

from __future__ import annotations

import functools
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..core.batch import Examples
from ..core.benchmark import Case, Peer, Split, data_root
from .audio import Wave, decode, resample
from .data import read, transcripts
from .decode import Transcript
from .pipeline import SpeechRecognizer
from .synth import RATE, VOICES, number_words, speak, spoken_numbers

_NUMBERS, _TIMES = 100, 7
_SHOWN_SEED = 2_000_000
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
FSDD_RATE = 8000
"""The sample rate in Hz of FSDD."""

_TEST_TAKES = 5
_CONNECTED = (1500, 300)
_PAUSES = (0.05, 0.3)


@dataclass(frozen=True)
class Utterance:
    """Connected digits: the samples, what is said by whom, and where each word begins and ends, in seconds."""

    wave: Wave
    text: str
    speaker: str
    words: tuple[tuple[str, float, float], ...]


def _numbers(seed: int) -> Split:
    """Each number from 0 to 99 by several voices, speeds and pitches: six times to train, once to test.

    No two numbers are the same sounds in any of the voices (a test compares eSpeak NG's phonemes), and nothing is laid
    over them: who hears all sounds makes no error.
    """
    random = np.random.default_rng((seed, _NUMBERS))
    texts = [number_words(int(number)) for _ in range(_TIMES) for number in random.permutation(_NUMBERS)]
    examples, rows = read([_said(text, random) for text in texts], texts), np.arange(_TIMES * _NUMBERS)
    return Split(examples.take(rows[:-_NUMBERS]), examples.take(rows[-_NUMBERS:]))


def _said(text: str, random: np.random.Generator) -> Wave:
    voice, speed = VOICES[random.integers(len(VOICES))], int(random.integers(130, 211))
    wave, rate = speak(text, voice, speed=speed, pitch=int(random.integers(30, 71)))
    return resample(wave, rate, RATE)


def _fsdd(seed: int) -> Split:
    """Free Spoken Digit Dataset (Jackson et al.), the official split: takes 0 to 4 are the test."""
    files = _fsdd_files()
    return _split(files, [DIGITS[int(path.stem[0])] for path in files], [_take(path) < _TEST_TAKES for path in files])


def _fsdd_speakers(seed: int) -> Split:
    """All takes of all speakers but one, the test: of six by the alphabet, the one of the number `seed`."""
    files, left_out = _fsdd_files(), SPEAKERS[seed % len(SPEAKERS)]
    return _split(files, [DIGITS[int(path.stem[0])] for path in files], [left_out in path.stem for path in files])


def _fsdd_connected(seed: int) -> Split:
    """Train on joined takes 5 to 49, test on joined takes 0 to 4."""
    parts = [connected(_fsdd_files(), count, seed, test=test > 0) for test, count in enumerate(_CONNECTED)]
    train, test = (read([one.wave for one in part], [one.text for one in part], rate=FSDD_RATE) for part in parts)
    return Split(train, test)


def connected(files: Sequence[Path], count: int, seed: int, *, test: bool) -> list[Utterance]:
    """Return connected digits, made by joining recordings of FSDD: 3 to 7 of one speaker an utterance, with pauses of
    50 to 300 ms between and around them.

    Takes 0 to 4 are joined for the test alone, the others for training alone. A pause has faint noise in it, as loud as
    the quiet of the recording before: silence of zeros would say where words begin.
    """
    random = np.random.default_rng((seed, test))
    digits: dict[str, list[Path]] = {}
    for path in files:
        if (_take(path) < _TEST_TAKES) == test:
            digits.setdefault(path.stem.split("_")[1], []).append(path)
    speakers = sorted(digits)
    said = [speakers[int(random.integers(len(speakers)))] for _ in range(count)]
    return [_join(_drawn(digits[speaker], random), speaker, random) for speaker in said]


def _drawn(files: list[Path], random: np.random.Generator) -> list[Path]:
    """Return 3 to 7 recordings, each digit as likely as any other."""
    return [files[int(random.integers(len(files)))] for _ in range(int(random.integers(3, 8)))]


def _join(files: list[Path], speaker: str, random: np.random.Generator) -> Utterance:
    waves = [_wave(path) for path in files]
    pieces, words = [_pause(waves[0], random)], list[tuple[str, float, float]]()
    for path, wave in zip(files, waves, strict=True):
        place = sum(map(len, pieces))
        words.append((DIGITS[int(path.stem[0])], place / FSDD_RATE, (place + len(wave)) / FSDD_RATE))
        pieces += [wave, _pause(wave, random)]
    text = " ".join(word for word, _, _ in words)
    return Utterance(np.concatenate(pieces), text, speaker, tuple(words))


def _pause(beside: Wave, random: np.random.Generator) -> Wave:
    size = round(random.uniform(*_PAUSES) * FSDD_RATE)
    frames = beside[: len(beside) // 80 * 80].reshape(-1, 80)
    quiet = float(np.percentile(frames.std(axis=1), 5)) if len(frames) else 0.0
    return (quiet * random.standard_normal(size)).astype(np.float32)


@functools.lru_cache(maxsize=4096)
def _wave(path: Path) -> Wave:
    return decode(path)[0]


def _an4(seed: int) -> Split:
    """CMU's AN4 (spelled words, names and numbers), 30 utterances to train and 10 to test: as small as sets come."""
    folder = _folder("an4_wav50/asr")
    return Split(read(folder / "an4_train.json"), read(folder / "an4_val.json"))


def _yesno(seed: int) -> Split:
    """Kaldi's yesno: eight words in each file name; the first 31 of the sorted files train."""
    files = sorted(_folder("yesno").rglob("*.wav"))
    words = [" ".join("yes" if digit == "1" else "no" for digit in path.stem.split("_")) for path in files]
    return _split(files, words, [number >= 31 for number in range(len(files))])


def _split(files: list[Path], texts: list[str], test: list[bool]) -> Split:
    examples, chosen = read(files, texts), np.array(test)
    return Split(examples.take(np.flatnonzero(~chosen)), examples.take(np.flatnonzero(chosen)))


def _fsdd_files() -> list[Path]:
    return sorted(_folder("fsdd/recordings").glob("*.wav"))


def _take(path: Path) -> int:
    return int(path.stem.split("_")[2])


def _folder(name: str) -> Path:
    root = data_root()
    assert root is not None, "a case that needs data runs only where it is"
    return root / "speech" / name


CASES = (
    Case(
        name="numbers",
        about="spoken numbers by eSpeak NG, several voices",
        load=_numbers,
        synthetic=True,
        ceiling=lambda seed: 0.0,
    ),
    Case(name="fsdd", about="Free Spoken Digit Dataset, the official split", load=_fsdd, needs="speech/fsdd"),
    Case(
        name="fsdd_connected",
        about="FSDD's digits joined to 3 to 7 of one speaker, takes apart",
        load=_fsdd_connected,
        needs="speech/fsdd",
    ),
    Case(
        name="fsdd_speakers",
        about="FSDD, one speaker left out: seeds 0 to 5 are the six",
        load=_fsdd_speakers,
        needs="speech/fsdd",
    ),
    Case(name="an4", about="AN4, 30 utterances to train and 10 to test", load=_an4, needs="speech/an4_wav50"),
    Case(name="yesno", about="yesno, eight words a file", load=_yesno, needs="speech/yesno"),
)


def _peer(work: str, case: str, steps: int, *requires: str) -> Peer:
    command = (sys.executable, "-m", "fourfold.speech.peers", work, case, "--steps", str(steps))
    return Peer(f"{'SpeechBrain' if requires else 'transformers'}, {work}", case, command, requires)


PEERS = (
    *(_peer("training", case, 10, "speechbrain>=1.1") for case in ("numbers", "fsdd_connected")),
    _peer("ctc", "an4", 30),
)
"""What needs weights from elsewhere, a Whisper beside transformers' pipeline, is a command of its own."""


def prior(train: Examples) -> Transcript:
    """Return the most frequent transcript: what to say to every recording without listening."""
    return Transcript(Counter(transcripts(train)).most_common(1)[0][0], float("nan"))


def show(model: SpeechRecognizer, folder: Path) -> Iterator[str]:
    """Write a few spoken numbers, and yield where each lies and what is heard in it."""
    import soundfile

    waves, texts = spoken_numbers(3, _SHOWN_SEED)
    for number, (wave, text) in enumerate(zip(waves, texts, strict=True), 1):
        path = folder / f"number-{number}.wav"
        soundfile.write(path, wave, RATE)
        yield f"{path}: heard “{model([str(path)])[0].label}”, said “{text}”"
