"""The cases of FSDD: takes and speakers apart, words where they are said to be; and the ceiling of the numbers."""

from __future__ import annotations

import ctypes
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import soundfile

from fourfold.speech.benchmark import CASES, DIGITS, FSDD_RATE, SPEAKERS, connected
from fourfold.speech.synth import VOICES, number_words
from fourfold.speech.synth.engine import _engine


@pytest.fixture
def fsdd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A set named as FSDD's is: the first sample of each recording is its take, in 64ths."""
    folder = tmp_path / "speech" / "fsdd" / "recordings"
    folder.mkdir(parents=True)
    for number, name in enumerate(f"{d}_{who}_{take}" for d in (0, 3, 9) for who in SPEAKERS for take in (0, 4, 5, 7)):
        wave = np.full(900 + number, 0.5)
        wave[0] = int(name.split("_")[2]) / 64
        soundfile.write(folder / f"{name}.wav", wave, FSDD_RATE, subtype="PCM_16")
    monkeypatch.setenv("FOURFOLD_DATA", str(tmp_path))
    return sorted(folder.glob("*.wav"))


def takes(wave: np.ndarray, words: tuple[tuple[str, float, float], ...]) -> list[float]:
    return [float(wave[round(start * FSDD_RATE)] * 64) for _, start, _ in words]


@pytest.mark.parametrize("test", [False, True])
def test_words_are_where_they_are_said_to_be(fsdd: list[Path], test: bool) -> None:
    lengths = {(path.stem.split("_")[1], soundfile.info(path).frames): DIGITS[int(path.stem[0])] for path in fsdd}
    utterances = connected(fsdd, 30, 1, test=test)
    assert {len(one.words) for one in utterances} == {3, 4, 5, 6, 7}
    for one in utterances:
        assert one.text == " ".join(word for word, _, _ in one.words)
        assert set(takes(one.wave, one.words)) <= ({0, 4} if test else {5, 7})
        spoken, before = np.zeros(len(one.wave), bool), 0.0
        for word, start, end in one.words:
            first, last = round(start * FSDD_RATE), round(end * FSDD_RATE)
            assert lengths[one.speaker, last - first] == word
            assert 0.05 <= start - before <= 0.3
            spoken[first + 1 : last] = True
            before = end
        assert 0.05 <= len(one.wave) / FSDD_RATE - before <= 0.3
        assert (one.wave[spoken] == 0.5).all() and np.abs(one.wave[~spoken]).max() < 0.5


def test_the_seed_makes_the_utterances(fsdd: list[Path]) -> None:
    one, same, other = (connected(fsdd, 5, seed, test=False) for seed in (1, 1, 2))
    assert [a.words for a in one] == [b.words for b in same] != [c.words for c in other]
    assert all(np.array_equal(a.wave, b.wave) for a, b in zip(one, same, strict=True))


def test_a_speaker_is_left_out(fsdd: list[Path]) -> None:
    case = next(case for case in CASES if case.name == "fsdd_speakers")
    left_out = set()
    for seed in range(6):
        split = case.load(seed)
        train, test = ({clip.name.split("_")[1] for clip in part.inputs} for part in (split.train, split.test))
        assert len(test) == 1 and not train & test and len(split.train) + len(split.test) == len(fsdd)
        left_out |= test
    assert left_out == set(SPEAKERS)


def test_connected_digits_as_a_case(fsdd: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fourfold.speech.benchmark._CONNECTED", (15, 3))
    split = next(case for case in CASES if case.name == "fsdd_connected").load(0)
    assert (len(split.train), len(split.test)) == (15, 3)
    assert split.train.inputs[0].rate == FSDD_RATE and set(split.test.labels[0].split()) <= set(DIGITS)


def test_no_two_numbers_sound_alike() -> None:
    """So the ceiling of `numbers` is no error, whoever speaks: not even stress and length need be heard."""
    said: dict[str, set[int]] = defaultdict(set)
    with _engine() as engine:
        say = engine.library.espeak_TextToPhonemes
        say.restype, say.argtypes = ctypes.c_char_p, [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
        for voice in VOICES:
            engine.set_voice(voice)
            for number in range(100):
                rest, sounds = ctypes.c_char_p(number_words(number).encode()), ""
                while rest.value is not None:  # a clause at a time; UTF-8 in, the International Phonetic Alphabet out
                    sounds += say(ctypes.byref(rest), 1, 2).decode()
                said[sounds.translate(dict.fromkeys(map(ord, "ˈˌː ")))].add(number)
    assert len(said) > 100 and "" not in said, "accents differ"
    assert all(len(numbers) == 1 for numbers in said.values())
    (case,) = (case for case in CASES if case.name == "numbers")
    assert case.ceiling is not None and case.ceiling(0) == 0.0
