"""Synthetic speech: there is sound, it is the same each time, and what is missing is told."""

from __future__ import annotations

import builtins
import threading
from typing import Any

import numpy as np
import pytest

from fourfold.core.errors import ConfigError, SynthesisFailed
from fourfold.speech.synth import VOICES, number_words, speak, spoken_numbers

pytest.importorskip("espeakng_loader", reason="needs the extra 'synth': pip install 'fourfold[synth]'")


def test_it_speaks() -> None:
    wave, rate = speak("forty two")
    assert rate == 22050 and wave.dtype == np.float32
    assert 0.4 < len(wave) / rate < 2 and 0.1 < np.abs(wave).max() <= 1
    assert len(speak("forty two", speed=300)[0]) < len(wave)


@pytest.mark.parametrize("voice", VOICES)
def test_a_text_sounds_the_same_whatever_was_said_before(voice: str) -> None:
    first = speak("seventeen", voice)[0]
    speak("something else", "en-us+f4", speed=200)
    assert np.array_equal(speak("seventeen", voice)[0], first)
    assert not np.array_equal(speak("seventy", voice)[0], first)


def test_threads_do_not_disturb_each_other() -> None:
    expected = [speak(number_words(number))[0] for number in range(8)]
    got: dict[int, Any] = {}

    def say(number: int) -> None:
        got[number] = speak(number_words(number))[0]

    threads = [threading.Thread(target=say, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(got[number], expected[number]) for number in range(8))


def test_spoken_numbers() -> None:
    waves, texts = spoken_numbers(12, seed=1)
    again, same = spoken_numbers(12, seed=1)
    assert texts == same and all(np.array_equal(a, b) for a, b in zip(waves, again, strict=True))
    assert spoken_numbers(12, seed=2)[1] != texts
    assert all(np.abs(wave).max() > 0.05 for wave in waves)


def test_numbers_in_words() -> None:
    words = [number_words(number) for number in range(100)]
    assert len(set(words)) == 100
    assert (words[0], words[19], words[20], words[99]) == ("zero", "nineteen", "twenty", "ninety nine")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"voice": "nowhere"}, "eSpeak NG has no voice 'nowhere'; try en, en-us, de or en-us+f3"),
        ({"speed": 10}, "speed (10) must be in 80 … 450 words a minute"),
        ({"pitch": 101}, "pitch (101) must be in 0 … 100"),
    ],
)
def test_wrong_settings(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        speak("one", **settings)
    assert str(error.value) == message


def test_nothing_to_say() -> None:
    with pytest.raises(SynthesisFailed) as error:
        speak("")
    assert str(error.value) == "eSpeak NG said nothing for '' (status 0); give it words"


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "espeakng_loader":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError) as error:
        speak("one")
    assert str(error.value) == "synthetic speech needs eSpeak NG; pip install 'fourfold[synth]'"
