"""Voice activity on tones in noise and on synthetic speech, and cuts of long recordings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.errors import ConfigError
from fourfold.speech.audio import ActivityConfig, activity, pieces, resample
from fourfold.speech.synth import speak

RATE = 8000
Wave = npt.NDArray[np.float32]


def noise(seconds: float, level: float = 0.003, seed: int = 0) -> Wave:
    random = np.random.default_rng(seed)
    return (level * random.standard_normal(round(seconds * RATE))).astype(np.float32)


def voiced(seconds: float, level: float = 0.3) -> Wave:
    time = np.arange(round(seconds * RATE)) / RATE
    return (level * sum(np.sin(2 * np.pi * 150 * n * time) / n for n in range(1, 12))).astype(np.float32)


def scene(*parts: tuple[float, float], level: float = 0.003) -> tuple[Wave, npt.NDArray[np.bool_]]:
    """Return a wave of (pause, voice) seconds in noise, and for each frame whether it is voiced."""
    waves = [part for pause, voice in parts for part in (0 * noise(pause), voiced(voice))]
    truth = np.concatenate([np.full(len(wave) // 80, number % 2 == 1) for number, wave in enumerate(waves)])
    wave = np.concatenate(waves)
    return wave + noise(len(wave) / RATE, level), truth


@pytest.mark.parametrize("level", [0.0, 0.001, 0.01, 0.05])
def test_voiced_sounds_are_told_from_noise(level: float) -> None:
    wave, truth = scene((1, 0.5), (0.6, 1.0), (2, 0.3), (1, 0.4), level=level)
    found = activity(wave, RATE)[: len(truth)]
    assert np.mean(found == truth) > 0.96


def test_the_floor_follows_the_noise() -> None:
    """A noise that grows by 26 dB is no speech, once half the memory is over; a voice above each is."""
    quiet, _ = scene((2, 0.5), (6, 0.5), (6, 0.5), level=0.001)
    loud, truth = scene((6, 0.5), (6, 0.5), (6, 0.5), level=0.02)
    found = activity(np.concatenate([quiet, loud]), RATE)
    assert not activity(noise(20, 0.02), RATE).any()
    assert found[: len(quiet) // 80].any()
    late = found[len(quiet) // 80 :][: len(truth)]
    assert np.mean(late[500:] == truth[500:]) > 0.95


def test_silence_and_short_clicks_are_no_speech() -> None:
    assert not activity(np.zeros(8000, np.float32), RATE).any()
    wave = noise(3)
    wave[8000:8016] = 0.9
    assert not activity(wave, RATE).any()
    assert activity(np.zeros(10, np.float32), RATE).shape == (1,)


def test_speech_of_a_synthesiser() -> None:
    wave, rate = speak("seven forty two ninety")
    said = resample(wave, rate, RATE)
    found = activity(np.concatenate([noise(2), said + noise(len(said) / RATE, seed=1), noise(2, seed=2)]), RATE)
    inside = found[200 : 200 + len(said) // 80]
    assert found[:195].sum() == 0 and found[205 + len(said) // 80 :].sum() == 0
    loud = np.abs(said[: len(inside) * 80].reshape(-1, 80)).max(1) > 0.1
    assert inside[: len(loud)][loud].mean() > 0.95


@settings(max_examples=20)
@given(
    parts=st.lists(
        st.tuples(st.sampled_from([0.1, 0.4, 2.0, 7.0]), st.sampled_from([0.2, 1.0, 4.0])), min_size=1, max_size=8
    ),
    longest=st.sampled_from([1.0, 3.0, 5.0]),
)
def test_pieces_hold_all_speech_and_are_not_too_long(parts: list[tuple[float, float]], longest: float) -> None:
    wave, _ = scene(*parts)
    found, speech = pieces(wave, RATE, longest), activity(wave, RATE)
    if len(wave) <= longest * RATE:
        assert found == [(0, len(wave))]
        return
    covered, before = np.zeros(len(wave), np.bool_), 0
    for start, end in found:
        assert before <= start < end <= len(wave) and end - start <= longest * RATE
        covered[start:end], before = True, end
    frames = -(-len(wave) // 80)  # those that begin within the wave
    assert covered[np.flatnonzero(speech[:frames]) * 80].all()


def test_cuts_lie_in_pauses() -> None:
    wave, truth = scene(*[(0.5, 1.5)] * 12)
    found = pieces(wave, RATE, 5.0)
    assert len(found) >= 5
    for _, end in found[:-1]:
        assert not truth[end // 80 - 10 : end // 80 + 10].any()
    assert pieces(noise(30), RATE, 5.0) == []


def test_settings_out_of_range_are_refused() -> None:
    for name, value, message in [
        ("flatness", 0.0, "flatness (0.0) must lie in (0, 1]"),
        ("above", 0.0, "above (0.0) must be above 0"),
        ("gap", -1.0, "gap (-1.0) must be 0 or above"),
    ]:
        with pytest.raises(ConfigError) as caught:
            ActivityConfig(**{name: value})
        assert str(caught.value) == message
    with pytest.raises(ConfigError) as caught:
        pieces(noise(1), RATE, 0)
    assert str(caught.value) == "longest (0) must be above 0 seconds"
