"""The baseline learns words, admits defeat before sentences, and is the same after saving."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.fft import dct
from sklearn.svm import SVC

from fourfold.core.errors import ArtifactError
from fourfold.speech.baselines import SpeechBaseline, statistics
from fourfold.speech.baselines.cepstra import cepstra
from fourfold.speech.baselines.machine import KernelMachine
from fourfold.speech.data import SpeechFeatures, SpeechFeaturesConfig, read


def words_of(say: Any, seeds: range) -> Any:
    texts = [text for _ in seeds for text in ("ab", "ba", "c")]
    return read([(say(text, seed), 8000) for seed, text in zip(np.repeat(seeds, 3), texts, strict=True)], texts)


def test_single_words(say: Any, tmp_path: Path) -> None:
    train, test = words_of(say, range(4)), words_of(say, range(10, 13))
    baseline = SpeechBaseline().fit(train, SpeechFeatures.fit(train, SpeechFeaturesConfig()))
    assert baseline.name == "log-mel statistics + logistic regression"
    outputs = baseline.outputs(test)
    assert list(outputs) == list(test.labels)
    assert all(text.confidence > 0.5 for text in outputs)
    baseline.save(tmp_path)
    loaded = SpeechBaseline.load(tmp_path)
    assert (loaded.name, loaded.outputs(test)) == (baseline.name, outputs)
    assert loaded.names == baseline.names and len(baseline.names) == 2
    assert loaded.all_outputs(test, loaded.names) == baseline.all_outputs(test, baseline.names)
    assert all(list(said) == list(test.labels) for said in loaded.all_outputs(test, loaded.names).values())


def test_cepstra_and_machine_are_those_of_scipy_and_scikit_learn() -> None:
    random = np.random.default_rng(0)
    mel = random.standard_normal((9, 40)).astype(np.float32)
    assert np.allclose(cepstra(mel), dct(mel, norm="ortho")[:, :14], atol=1e-5)
    x, labels = random.standard_normal((60, 5)).astype(np.float32), ["a", "b", "c"] * 20
    machine = KernelMachine.fit(x, labels)
    scaled = (x - x.mean(0)) / x.std(0)
    for number, name in enumerate("abc"):
        trusted = SVC(C=10.0, gamma=1 / 5).fit(scaled, np.array(labels) == name).decision_function(scaled)
        assert np.allclose(machine.scores(x)[:, number], trusted, atol=1e-4)


def test_connected_speech(say: Any, tmp_path: Path) -> None:
    texts = ["ab", "ab", "abc", "c ab"]
    train = read([(say(text), 8000) for text in texts], texts)
    baseline = SpeechBaseline().fit(train, SpeechFeatures.fit(train, SpeechFeaturesConfig()))
    assert baseline.name == "most frequent transcript (no classical baseline fits connected speech)"
    baseline.save(tmp_path)
    outputs = SpeechBaseline.load(tmp_path).outputs(train)
    assert outputs == ["ab"] * 4 and all(math.isnan(text.confidence) for text in outputs)


def test_a_damaged_folder_is_told(say: Any, tmp_path: Path) -> None:
    train = words_of(say, range(2))
    SpeechBaseline().fit(train, SpeechFeatures.fit(train, SpeechFeaturesConfig())).save(tmp_path)
    (tmp_path / "baseline_audio.json").unlink()
    with pytest.raises(ArtifactError) as error:
        SpeechBaseline.load(tmp_path)
    assert str(error.value) == f"{tmp_path}/baseline_audio.json: no such file; save the baseline again"


@pytest.mark.parametrize("length", [1, 2, 3, 4, 9])
def test_statistics_of_short_clips(length: int) -> None:
    values = statistics(np.random.default_rng(0).standard_normal((length, 8)).astype(np.float32))
    assert values.shape == (81,) and np.isfinite(values).all()
