"""Noise under log-mel frames is what noise under samples is; each row's is its own."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.batch import Draw
from fourfold.core.config import from_dict, override, to_dict
from fourfold.core.errors import ConfigError, DataError
from fourfold.speech import SpeechRecognizer
from fourfold.speech.audio import AudioConfig, coloured, decode, log_mel
from fourfold.speech.data import AugmentConfig, Noise, SpeechFeatures, SpeechFeaturesConfig, SpeechSource, read

AUDIO = AudioConfig(sample_rate=8000)
STILL = AugmentConfig(speed=0, mel_width=0, time_width=0, noise=("coloured",), noise_share=1.0)


def test_the_mean_over_many_noises_is_that_of_mixed_samples(say: Any) -> None:
    """Sound and noise are mixed at 10 dB, as samples and as frames; powers relative to the loudest of the sound."""
    wave = say("ab c", seconds=0.3)
    speech = np.exp(log_mel(wave, AUDIO))
    random, mixed = np.random.default_rng(0), []
    loudest = _powers(wave).max()
    for _ in range(300):
        noise = coloured(len(wave), random)
        gain = math.sqrt(np.mean(wave**2) / np.mean(noise**2) / 10)
        mixed.append(_powers(wave + np.float32(gain) * noise) / loudest)
    found = Noise.of(["coloured"], AUDIO)
    white = replace(found, starts=found.starts[:1], lengths=found.lengths[:1], floor=-99.0)
    frames = [white.under(np.log(speech), np.array([0, at, 0.5]), (5.0, 15.0)) for at in random.random(300)]
    # `under` is relative to the loudest of the mixture, which varies little beside the tones
    expected, ours = np.mean(mixed, axis=0), np.mean(np.exp(frames), axis=0)
    decibels = 10 * np.log10(ours / expected)
    assert abs(np.median(decibels)) < 0.5 and np.percentile(np.abs(decibels), 95) < 1.5


def _powers(wave: Any) -> Any:
    """Return mel powers: `log_mel` and what it divides by."""
    tone = np.sin(2 * np.pi * 3900 * np.arange(80_000) / 8000).astype(np.float32) * 100
    long = np.concatenate([wave, np.zeros(8000, np.float32), tone])
    frames = np.exp(log_mel(long, replace(AUDIO, range_db=200.0)))
    return frames[: 1 + len(wave) // 80]


@settings(max_examples=30)
@given(seed=st.integers(0, 1000), least=st.floats(-5, 20), most=st.floats(20, 30), loud=st.floats(0, 1))
def test_the_ratio_is_the_one_asked_for(seed: int, least: float, most: float, loud: float) -> None:
    random = np.random.default_rng(seed)
    speech = random.uniform(-9, 0, (50, 40)).astype(np.float32)
    noise = replace(Noise.of(["coloured"], AUDIO), floor=-np.inf)
    found = noise.under(speech, np.array([0.4, 0.25, loud]), (least, most))
    place = int(noise.starts[1]) + noise.lengths[1] // 4
    added = np.exp(noise.frames[place : place + 50].astype(np.float64))
    power, mixed = np.exp(speech.astype(np.float64)), np.exp(found.astype(np.float64))
    # mixed · c = power + gain · added, of which the loudest makes c
    (c, gain), *_ = np.linalg.lstsq(np.stack([mixed.ravel(), -added.ravel()], axis=1), power.ravel())
    ratio = 10 * np.log10(power.sum() / (gain * added.sum()))
    assert ratio == pytest.approx(least + loud * (most - least), abs=0.05)
    assert c == pytest.approx((power + gain * added).max(), rel=1e-3) and found.max() == 0


def features_of(say: Any, config: SpeechFeaturesConfig) -> tuple[SpeechFeatures, SpeechSource, SpeechSource]:
    texts = ["ab", "ab c", "cab", "b", "abc abc", "a"]
    examples = read([(say(text, seed), 8000) for seed, text in enumerate(texts)], texts)
    features = SpeechFeatures.fit(examples, config)
    return features, features.source(examples, training=True), features.source(examples)


@pytest.mark.parametrize("normalisation", ["corpus", "utterance"])
def test_a_row_has_its_own_noise_whatever_the_batch(say: Any, normalisation: Any) -> None:
    config = SpeechFeaturesConfig(augment=replace(STILL, speed=0.1, noise_share=0.5), normalisation=normalisation)
    _, source, plain = features_of(say, config)
    quiet = replace(source, noise=None)
    rows, changed = np.arange(6), 0
    for epoch in range(4):
        draw = Draw(3, epoch)
        batch, silent = source.batch(rows, draw), quiet.batch(rows, draw)
        for row in rows.tolist():
            alone = source.batch(np.array([row]), draw)
            size = int(alone["length"][0])
            assert (batch["frames"][row, :size] == alone["frames"][0]).all()
            assert (batch["frames"][row, size:] == 0).all() and size == int(silent["length"][row])
            same = (batch["frames"][row] == silent["frames"][row]).all()
            changed += not same
            if normalisation == "utterance" and not same:
                assert alone["frames"][0].mean(0).abs().max() < 0.01
        again = source.batch(rows, draw)
        assert (again["frames"] == batch["frames"]).all()
    assert 4 <= changed <= 20, "about half of the rows have noise, others each epoch"
    assert plain.noise is None and (source.batch(rows)["frames"] == plain.batch(rows)["frames"]).all()


def test_recordings_of_noise_are_read_from_folders_and_files(say: Any, tmp_path: Path) -> None:
    (tmp_path / "hum").mkdir()
    random = np.random.default_rng(0)
    for name, rate, seconds in (("a.wav", 8000, 1), ("b.flac", 16000, 3)):
        soundfile.write(tmp_path / "hum" / name, 0.1 * random.standard_normal(rate * seconds), rate)
    noise = Noise.of([str(tmp_path / "hum"), str(tmp_path / "hum" / "a.wav"), "coloured"], AUDIO)
    assert noise.lengths.tolist() == [101, 301, 101, 2001, 2001, 2001]
    assert noise.frames.shape == (int(noise.lengths.sum()), 40)
    short = noise.under(np.zeros((250, 40), np.float32), np.array([0.0, 0.9, 0.0]), (0.0, 0.0))
    assert short.shape == (250, 40) and np.isfinite(short).all()
    config = SpeechFeaturesConfig(augment=replace(STILL, noise=(str(tmp_path / "hum"),)))
    _, source, _ = features_of(say, config)
    assert source.noise is not None and len(source.noise.lengths) == 2


def test_recordings_of_noise_are_decoded_once(tmp_path: Path, monkeypatch: Any) -> None:
    """However often `tune` asks for them: again where their content or how frames are made is another."""
    monkeypatch.setenv("FOURFOLD_CACHE", str(tmp_path / "cache"))
    random, decoded = np.random.default_rng(0), list[str]()

    def counted(file: Any, **settings: Any) -> Any:
        decoded.append(settings["name"])
        return decode(file, **settings)

    monkeypatch.setattr("fourfold.speech.data.clips.decode", counted)
    (tmp_path / "hum").mkdir()
    for name in ("a.wav", "b.wav"):
        soundfile.write(tmp_path / "hum" / name, 0.1 * random.standard_normal(8000), 8000)
    names = [str(tmp_path / "hum"), str(tmp_path / "hum" / "a.wav")]
    first, second = Noise.of(names, AUDIO), Noise.of(names, AUDIO)
    assert (first.frames == second.frames).all() and (first.lengths == second.lengths).all()
    assert decoded == ["a.wav", "b.wav", "a.wav"]
    Noise.of(names[:1], replace(AUDIO, mels=20))
    assert decoded[3:] == ["a.wav", "b.wav"]
    soundfile.write(tmp_path / "hum" / "b.wav", 0.1 * random.standard_normal(8000), 8000)
    assert (Noise.of(names, AUDIO).frames[101:202] != first.frames[101:202]).any()
    assert decoded[5:] == ["a.wav", "b.wav"]


def test_noise_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError) as gone:
        Noise.of([f"{tmp_path}/none"], AUDIO)
    assert str(gone.value) == (
        f"features.augment.noise: {tmp_path}/none: no such file or folder; check the path, or name 'coloured'"
    )
    soundfile.write(tmp_path / "nothing.wav", np.zeros(8000), 8000)
    with pytest.raises(DataError) as silent:
        Noise.of([str(tmp_path)], AUDIO)
    assert str(silent.value) == f"features.augment.noise: {tmp_path}: nothing.wav is silent; leave it out"
    (tmp_path / "nothing.wav").write_bytes(b"none")
    with pytest.raises(DataError, match=r"nothing\.wav: not a sound file"):
        Noise.of([str(tmp_path / "nothing.wav")], AUDIO)


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"snr": (20.0, 5.0)}, "augment.snr (20, 5) must be the least and the most decibels, such as 5, 20"),
        ({"snr": (5.0,)}, "augment.snr (5) must be the least and the most decibels, such as 5, 20"),
        ({"noise_share": 1.5}, "augment.noise_share (1.5) must lie in [0, 1]"),
    ],
)
def test_settings_out_of_range(settings_: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        AugmentConfig(**settings_)
    assert str(error.value) == message


def test_frames_of_a_running_level_take_no_noise() -> None:
    with pytest.raises(ConfigError) as error:
        SpeechFeaturesConfig(augment=STILL, audio=AudioConfig(level="running"))
    assert str(error.value) == (
        "features.augment.noise: frames of the level 'running' take no noise; "
        "set features.audio.level=utterance, or no noise"
    )


def test_settings_come_from_the_command_line_and_travel() -> None:
    config = override(SpeechFeaturesConfig(), {"augment": {"noise": "coloured,hum", "snr": "0,10"}})
    assert (config.augment.noise, config.augment.snr) == (("coloured", "hum"), (0.0, 10.0))
    assert from_dict(SpeechFeaturesConfig, to_dict(config)) == config


def test_a_resumed_run_would_notice_other_noise(tmp_path: Path) -> None:
    model, found = SpeechRecognizer("tiny"), []
    for seed in (0, 0, 1):
        noise = 0.1 * np.random.default_rng(seed).standard_normal(8000)
        soundfile.write(tmp_path / "hum.wav", noise, 8000)
        for names in ((str(tmp_path),), (str(tmp_path / "hum.wav"), "coloured")):
            found.append(model.named_files(override(model.resolve(), {"features": {"augment": {"noise": names}}})))
    assert found[0] == found[2] != found[4] and found[1] == found[3] != found[5]
    assert list(found[0]) == ["content of features.augment.noise"] and model.named_files(model.resolve()) == {}
