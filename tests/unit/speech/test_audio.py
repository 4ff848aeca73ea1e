"""Decoding names what is wrong; features have the shapes and the invariances that they promise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from fourfold.core.errors import ConfigError, DataError
from fourfold.speech.audio import AudioConfig, decode, log_mel, resample

CONFIG = AudioConfig(sample_rate=8000)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_decode_averages_the_channels(tmp_path: Path, suffix: str) -> None:
    left = np.sin(np.arange(16000) * 0.2).astype(np.float32) * 0.5
    path = tmp_path / f"x.{suffix}"
    soundfile.write(path, np.stack([left, 0 * left], axis=1), 16000)
    wave, rate = decode(path)
    assert (wave.dtype, wave.ndim, rate) == (np.float32, 1, 16000)
    middle = slice(4000, 12000)  # codecs differ at the edges
    assert np.sqrt(np.mean(wave[middle] ** 2)) == pytest.approx(np.sqrt(np.mean((left[middle] / 2) ** 2)), rel=0.05)


def test_a_file_that_is_no_sound_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_text("not a sound at all")
    with pytest.raises(DataError) as error:
        decode(path)
    assert str(error.value) == "x.wav: not a sound file (Format not recognised); convert it to WAV, FLAC, OGG or MP3"


def test_a_missing_and_an_empty_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        decode(tmp_path / "y.wav")
    expected = f"{tmp_path}/y.wav: no such sound file; check the path (a relative one starts at the table's folder)"
    assert str(error.value) == expected
    soundfile.write(tmp_path / "z.wav", np.zeros(0, np.float32), 8000)
    with pytest.raises(DataError) as error:
        decode(tmp_path / "z.wav")
    assert str(error.value) == "z.wav: a sound file without samples; record it again or remove it"


@given(samples=st.integers(1, 4000), mels=st.sampled_from([8, 40, 80, 128]), rate=st.sampled_from([8000, 16000]))
def test_shape(samples: int, mels: int, rate: int) -> None:
    wave = np.random.default_rng(samples).standard_normal(samples).astype(np.float32)
    mel = log_mel(wave, AudioConfig(sample_rate=rate, mels=mels))
    assert mel.shape == (1 + samples // (rate // 100), mels)
    assert mel.dtype == np.float32 and np.isfinite(mel).all()
    assert mel.max() == 0 and mel.min() >= -6 * np.log(10) - 1e-4


def test_the_gain_changes_nothing() -> None:
    wave = np.sin(np.arange(8000) * 0.3).astype(np.float32)
    assert np.allclose(log_mel(wave, CONFIG), log_mel(wave * 0.05, CONFIG), atol=1e-2)


@pytest.mark.parametrize("frequency", [300, 1000, 3000])
def test_a_tone_is_loudest_at_its_mel(frequency: int) -> None:
    wave = np.sin(2 * np.pi * frequency * np.arange(8000) / 8000).astype(np.float32)
    centres = 700 * (10 ** (np.linspace(*_mel(np.array([20.0, 4000.0])), 42)[1:-1] / 2595) - 1)
    loudest = log_mel(wave, CONFIG)[50].argmax()
    assert abs(loudest - np.abs(centres - frequency).argmin()) <= 1


def _mel(hertz: np.ndarray) -> np.ndarray:
    return 2595 * np.log10(1 + hertz / 700)


def test_resample_keeps_the_tone() -> None:
    wave = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050).astype(np.float32)
    got = resample(wave, 22050, 8000)
    expected = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    assert len(got) == 8000
    assert np.abs(got - expected)[200:-200].max() < 0.01
    assert resample(wave, 22050, 22050) is wave


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"sample_rate": 100}, "audio.sample_rate (100) must be 0 (automatic) or in 4000 … 48000 Hz"),
        ({"mels": 4}, "audio.mels (4) must be in 8 … 128"),
        ({"hop": 30.0}, "audio.hop (30.0) must be at least 1 ms and at most audio.window (25.0)"),
        ({"range_db": 0.0}, "audio.range_db (0.0) must be above 0"),
    ],
)
def test_settings_out_of_range(setting: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        AudioConfig(**setting)  # type: ignore[arg-type]
    assert str(error.value) == message
