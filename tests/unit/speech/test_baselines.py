"""The baseline learns words, admits defeat before sentences, and is the same after saving."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dct
from sklearn.svm import SVC

from fourfold.core.errors import ArtifactError, DoesNotFit
from fourfold.speech.audio import AudioConfig, log_mel
from fourfold.speech.baselines import CLASSICAL, SpeechBaseline, SpeechClassicalConfig, statistics
from fourfold.speech.baselines.baseline import fitting
from fourfold.speech.baselines.cepstra import cepstra
from fourfold.speech.baselines.machine import KernelMachine
from fourfold.speech.baselines.templates import Templates, warped
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
    assert loaded.names == baseline.names and len(baseline.names) == 3
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


def plainly_warped(one: Any, other: Any) -> float:
    """Return the distance by Sakoe and Chiba's recursion, written out."""
    cost = np.sqrt(((one[:, None] - other[None]) ** 2).sum(-1))
    best = np.full((len(one) + 1, len(other) + 1), np.inf)
    best[0, 0] = -cost[0, 0]  # the first pair counts once
    for row in range(len(one)):
        for column in range(len(other)):
            step = cost[row, column]
            before = best[row, column] + 2 * step, best[row, column + 1] + step, best[row + 1, column] + step
            best[row + 1, column + 1] = min(before)
    return float(best[-1, -1] / (len(one) + len(other)))


@settings(max_examples=60)
@given(
    seed=st.integers(0, 1000), heard=st.integers(1, 12), lengths=st.lists(st.integers(1, 12), min_size=1, max_size=5)
)
def test_warping_is_the_plain_recursion(seed: int, heard: int, lengths: list[int]) -> None:
    random = np.random.default_rng(seed)
    one = random.standard_normal((heard, 3)).astype(np.float32)
    others = [random.standard_normal((length, 3)).astype(np.float32) for length in lengths]
    padded = np.full((len(others), max(lengths), 3), 7, np.float32)
    for row, other in enumerate(others):
        padded[row, : len(other)] = other
    found = warped(one, padded, np.array(lengths))
    assert found == pytest.approx([plainly_warped(one, other) for other in others], rel=1e-3, abs=1e-3)


def test_templates_do_not_mind_the_pace(tmp_path: Path, say: Any) -> None:
    """Words said half as fast again as any template of them."""
    slow = [say(text, seed, seconds=0.18) for seed in (5, 6) for text in ("ab", "ba", "cab")]
    fast = [say(text, seed) for seed in (1, 2) for text in ("ab", "ba", "cab")]
    audio = AudioConfig(sample_rate=8000)
    templates = Templates.fit([log_mel(wave, audio) for wave in fast], ["ab", "ba", "cab"] * 2)
    mels = [log_mel(wave, audio) for wave in slow]
    assert [templates.classes[row] for row in templates.scores(mels).argmax(1)] == ["ab", "ba", "cab"] * 2
    templates.save(tmp_path)
    assert (Templates.load(tmp_path).probabilities(mels) == templates.probabilities(mels)).all()
    (tmp_path / "templates.json").write_text('{"sharpness": 2.0, "classes": ["ab"]}')
    with pytest.raises(ArtifactError, match=r"damaged templates \(words and classes disagree\); save"):
        Templates.load(tmp_path)


def test_so_many_templates_are_kept() -> None:
    mels = [np.random.default_rng(row).standard_normal((200, 40)).astype(np.float32) for row in range(90)]
    templates = Templates.fit(mels, ["a"] * 85 + ["b"] * 5)
    assert np.bincount(templates.words).tolist() == [40, 5] and templates.lengths.max() == 25


@pytest.mark.parametrize(
    ("words", "rows", "names"), [(3, 2, 3), (420, 1, 2), (401, 2, 1)], ids=["few", "many words", "many rows"]
)
def test_which_models_fit(words: int, rows: int, names: int) -> None:
    assert len(fitting(words * rows, words)) == names


def test_connected_speech(say: Any, tmp_path: Path) -> None:
    texts = ["ab", "ab", "abc", "c ab"]
    train = read([(say(text), 8000) for text in texts], texts)
    baseline = SpeechBaseline().fit(train, SpeechFeatures.fit(train, SpeechFeaturesConfig()))
    assert baseline.name == "most frequent transcript (no classical baseline fits connected speech)"
    baseline.save(tmp_path)
    outputs = SpeechBaseline.load(tmp_path).outputs(train)
    assert outputs == ["ab"] * 4 and all(math.isnan(text.confidence) for text in outputs)


@pytest.mark.parametrize("model", list(CLASSICAL))
def test_one_model_alone(model: Any, say: Any, tmp_path: Path) -> None:
    """Only what is named is fitted, saved and counted; its answers are those that it gives among all."""
    train, test = words_of(say, range(4)), words_of(say, range(10, 13))
    features = SpeechFeatures.fit(train, SpeechFeaturesConfig())
    alone, every = (
        SpeechBaseline(config).fit(train, features) for config in (SpeechClassicalConfig(model=model), None)
    )
    label = CLASSICAL[model].label
    assert (alone.name, alone.names) == (label, (label,)) and alone.parameters < every.parameters
    assert alone.outputs(test) == every.all_outputs(test, (label,))[label]
    alone.save(tmp_path)
    loaded = SpeechBaseline.load(tmp_path)
    assert (loaded.name, loaded.names, loaded.outputs(test)) == (label, (label,), alone.outputs(test))


def test_settings_reach_the_models(say: Any) -> None:
    train = words_of(say, range(4))
    features = SpeechFeatures.fit(train, SpeechFeaturesConfig())

    def kept(**settings: Any) -> Any:
        fitted = SpeechBaseline(SpeechClassicalConfig(**settings)).fit(train, features)
        return fitted.models_[fitted.name]

    assert len(kept(model="templates").words) == 12 and len(kept(model="templates", templates=2).words) == 6
    weak, strong = (np.abs(kept(model="logistic", strength=strength).weight).sum() for strength in (0.003, 10.0))
    assert weak < strong
    weak, strong = (np.abs(kept(model="svm", strength=strength).weight).max() for strength in (0.3, 100.0))
    assert weak <= 0.3 < strong, "no vector weighs more than an error counts"


def test_a_model_that_does_not_fit_is_refused(say: Any) -> None:
    texts = ["ab", "ab", "abc", "c ab"]
    train = read([(say(text), 8000) for text in texts], texts)
    with pytest.raises(DoesNotFit) as error:
        SpeechBaseline(SpeechClassicalConfig(model="svm")).fit(train, SpeechFeatures.fit(train, SpeechFeaturesConfig()))
    assert str(error.value) == "classical.model: 'svm' does not fit 4 recordings of 3 transcripts; set it to best"


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
