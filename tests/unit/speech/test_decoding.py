"""What a trained recogniser answers with other settings of decoding: alternatives, times, language models, pieces."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from console import fourfold
from letters import tone

from fourfold.core.config import override
from fourfold.core.errors import ConfigError, DataError
from fourfold.speech import SpeechRecognizer
from fourfold.speech.config import tiny
from fourfold.speech.decode import DecodingConfig
from fourfold.speech.language import LanguageConfig, estimate, read_arpa, write_arpa

WORDS = ["a", "b", "c", "ab", "ba", "cab", "bc"]
QUICK = {"train.epochs": 20, "train.precision": "float32", "train.threads": 1, "features.units": "characters"}


def sentences(count: int, seed: int = 0) -> list[str]:
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(WORDS, random.integers(1, 4))) for _ in range(count)]


def spoken(text: str, seed: int) -> npt.NDArray[np.float32]:
    return tone(text, seed, seconds=0.16)


def nested(settings: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in settings.items():
        inner = found
        *sections, last = name.split(".")
        for section in sections:
            inner = inner.setdefault(section, {})
        inner[last] = value
    return found


@pytest.fixture(scope="module")
def arpa(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lm") / "lm.arpa"
    write_arpa(estimate(sentences(300, seed=5), LanguageConfig(order=3)), path)
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, arpa: Path) -> Path:
    """A recogniser that learned tones, with a language model."""
    out = tmp_path_factory.mktemp("run") / "run"
    texts = sentences(120)
    waves = [(spoken(text, seed), 8000) for seed, text in enumerate(texts)]
    config = override(tiny(), nested(QUICK | {"decoding.lm": str(arpa)}))
    SpeechRecognizer("tiny", config=config).fit(waves, texts, valid=0.2, out=out)
    return out


@pytest.fixture
def model(run: Path) -> SpeechRecognizer:
    return SpeechRecognizer.load(run)


def test_a_language_model_travels_in_the_run(run: Path, model: SpeechRecognizer, arpa: Path) -> None:
    kept = read_arpa(run / "lm.arpa.gz")
    assert np.array_equal(kept.log_prob, read_arpa(arpa).log_prob)
    record = json.loads((run / "config.json").read_text())
    assert "lm.arpa.gz" in record["files"]
    decoding = model.config_.decoding
    assert decoding.alpha is not None and decoding.beta is not None and 0 < decoding.attention < 1
    assert model.task_.transcriber.fusion is not None
    said = model([(spoken("ab ba", 1), 8000)])
    assert 0 <= said[0].probability <= 1 and said[0].alternatives == () and said[0].words == ()


def test_saving_again_keeps_the_language_model(model: SpeechRecognizer, tmp_path: Path) -> None:
    model.save(tmp_path / "again")
    again = SpeechRecognizer.load(tmp_path / "again")
    waves = [(spoken(text, 3), 8000) for text in sentences(5, seed=9)]
    assert list(again.predict(waves)) == list(model.predict(waves))


def test_alternatives_and_times_come_where_they_are_asked_for(model: SpeechRecognizer) -> None:
    text = "ab c"
    (found,) = model.transcribe([(spoken(text, 2), 8000)], nbest=3, times=True)
    assert found.label == text
    assert (
        found.alternatives[0].text == text
        and len(found.alternatives) == len({one.text for one in found.alternatives}) <= 3
    )
    chances = [one.confidence for one in found.alternatives]
    assert found.probability == chances[0] and sum(chances) <= 1 + 1e-9
    assert [one.score for one in found.alternatives] == sorted((one.score for one in found.alternatives), reverse=True)
    first, second = found.words
    assert (first.word, second.word) == ("ab", "c")
    # letters are 0.16 s: "ab" lies in 0 … 0.32, the space follows, then "c" in 0.48 … 0.64
    assert -0.1 <= first.start < first.end <= 0.42 and 0.38 <= second.start < second.end <= 0.74
    assert 0 < second.confidence <= 1
    assert model.config_.decoding.nbest == 1, "the recogniser keeps its own settings"


@pytest.mark.parametrize("search", ["joint", "beam", "greedy", "attention", "onepass"])
def test_every_search_gives_transcripts_and_times(model: SpeechRecognizer, search: str) -> None:
    model.answer_with({"decoding": {"search": search, "lm": None, "times": True}})
    texts = sentences(6, seed=8)
    found = model([(spoken(text, seed), 8000) for seed, text in enumerate(texts)])
    if search != "attention":
        assert sum(one.label != text for one, text in zip(found, texts, strict=True)) <= 2
    for one in found:
        if search != "attention":  # the decoder may say more than there are steps for
            assert [word.word for word in one.words] == one.label.split()
        assert 0 <= one.probability <= 1


def test_long_recordings_are_cut_at_pauses_and_joined(model: SpeechRecognizer, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    texts = [sentences(1, seed=seed)[0] for seed in range(12)]
    parts, starts, at = [], [], 0
    for seed, text in enumerate(texts):
        pause = 0.01 * random.standard_normal(6400).astype(np.float32)
        starts.append((at + len(pause)) / 8000)
        parts += [pause, spoken(text, seed)]
        at += len(pause) + len(parts[-1])
    wave = np.concatenate(parts)
    soundfile.write(tmp_path / "talk.wav", wave, 8000)
    model.answer_with({"decoding": {"piece": 5.0, "times": True, "nbest": 2}})
    (found,) = model([tmp_path / "talk.wav"])
    assert found.label.replace(" ", "")[:4] == "".join(texts).replace(" ", "")[:4]
    said = found.label.split()
    expected = " ".join(texts).split()
    assert abs(len(said) - len(expected)) <= 4 and sum(word in WORDS for word in said) >= len(said) - 3
    times = [word.start for word in found.words]
    assert times == sorted(times) and times[-1] > len(wave) / 8000 - 3
    assert abs(times[0] - starts[0]) < 0.15 and 0 <= found.probability <= 1
    assert found.alternatives[0].text == found.label and 1 <= len(found.alternatives) <= 2
    short = model([(spoken("ab", 0), 8000), (wave, 8000), (spoken("c", 1), 8000)])
    assert [one.label for one in short] == ["ab", found.label, "c"]
    (silence,) = model([(0.001 * random.standard_normal(80000).astype(np.float32), 8000)])
    assert (silence.label, silence.words) == ("", ())


def test_words_of_given_transcripts(model: SpeechRecognizer) -> None:
    waves = [(spoken("ab c", 1), 8000), (spoken("ba", 2), 8000)]
    found = model.align(waves, ["ab c", "ba"])
    assert [[word.word for word in row] for row in found] == [["ab", "c"], ["ba"]]
    with pytest.raises(DataError) as caught:
        model.align(waves, ["ab c", "bad"])
    assert str(caught.value) == "row 1: character 'd' is in no transcript that the model learned from"
    with pytest.raises(DataError, match=r"^row 0: the transcript needs \d+ steps, and the recording has \d+; check"):
        model.align(waves[:1], ["ab c" * 40])


def test_the_commands(run: Path, arpa: Path, tmp_path: Path) -> None:
    for number, text in enumerate(["ab c", "ba"]):
        soundfile.write(tmp_path / f"{number}.wav", spoken(text, number), 8000)
    (tmp_path / "data.csv").write_text("audio,text\n0.wav,ab c\n1.wav,ba\n")
    settings = ("--set", "decoding.nbest=2", "--set", "decoding.times=true", "--set", "decoding.beam=16")
    done = fourfold("speech", "predict", run, "--file", tmp_path / "data.csv", *settings, "--json")
    assert done.code == 0, done.err
    rows = json.loads(done.out)
    assert list(rows[0]) == ["text", "error", "confidence", "alternatives", "words"]
    assert list(rows[0]["words"][0]) == ["word", "start", "end", "confidence"]
    assert all(1 <= len(row["alternatives"]) <= 2 for row in rows)
    table = fourfold("speech", "predict", run, "--file", tmp_path / "data.csv", *settings)
    assert table.out.splitlines()[0] == "text,error"
    measured = fourfold("speech", "eval", run, tmp_path / "data.csv", "--set", f"decoding.lm={arpa}", "--json")
    assert measured.code == 0 and json.loads(measured.out)["rows"] == 2, measured.err
    wrong = fourfold("speech", "predict", run, tmp_path / "0.wav", "--set", "train.epochs=3")
    assert (wrong.code, wrong.err) == (
        2, "error: --set train: of a trained recogniser only decoding.* and evaluation.* can be set; train another\n",
    )  # fmt: skip
    lost = fourfold("speech", "predict", run, tmp_path / "0.wav", "--set", "decoding.lm=none.arpa")
    assert (lost.code, lost.err) == (2, "error: none.arpa: no such language model; check the path\n")
    other = fourfold("nlp", "predict", run, "text", "--set", "train.epochs=3")
    assert other.code == 2 and "what a trained model of nlp answers has no settings; leave it out" in other.err
    for name in ("words.ctm", "words.jsonl"):
        aligned = fourfold("speech", "align", run, tmp_path / "data.csv", "--out", tmp_path / name)
        assert aligned.code == 0, aligned.err
    lines = [line.split() for line in (tmp_path / "words.ctm").read_text().splitlines()]
    assert [(line[0], line[4]) for line in lines] == [("0", "ab"), ("0", "c"), ("1", "ba")]
    assert len((tmp_path / "words.jsonl").read_text().splitlines()) == 2
    refused = fourfold("speech", "align", run, tmp_path / "data.csv", "--out", tmp_path / "words.txt")
    assert refused.code == 2 and "what is written is .ctm or .jsonl; name such a file" in refused.err


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"search": "viterbi"}, "decoding.search ('viterbi') must be one of joint, beam, greedy, attention, onepass"),
        ({"beam": 0}, "decoding.beam (0) must be 1 or above"),
        ({"nbest": 9}, "decoding.nbest (9) must be at most decoding.beam (8)"),
        ({"lm": "lm.arpa", "search": "greedy"},
         "decoding.lm: the search 'greedy' takes no language model; set joint or beam, or decoding.lm=none"),
        ({"nbest": 2, "search": "greedy"},
         "decoding.nbest: the search 'greedy' gives one transcript; set joint, beam or onepass"),
        ({"length": -1}, "decoding.length (-1) must lie in [0, 5]"),
        ({"alpha": -0.5}, "decoding.alpha (-0.5) must be 0 or above"),
        ({"attention": 1.5}, "decoding.attention (1.5) must lie in [0, 1]"),
        ({"piece": 0.5}, "decoding.piece (0.5) must be 1 second or more"),
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        DecodingConfig(**settings)
    assert str(caught.value) == message


def test_a_language_model_that_does_not_fit_stops_training_before_it_begins(tmp_path: Path) -> None:
    write_arpa(estimate(["YES NO"], LanguageConfig()), tmp_path / "lm.arpa")
    config = override(tiny(), nested(QUICK | {"decoding.lm": str(tmp_path / "lm.arpa")}))
    texts = sentences(20)
    waves = [(spoken(text, seed), 8000) for seed, text in enumerate(texts)]
    with pytest.raises(ConfigError, match=r"^decoding\.lm: no word of it is made of the characters"):
        SpeechRecognizer("tiny", config=config).fit(waves, texts, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_chosen_weights_are_those_of_the_fewest_errors(model: SpeechRecognizer) -> None:
    """Everything but the language model is as it was: with it there are no more errors than without."""
    texts = sentences(40, seed=30)
    waves = []
    for seed, text in enumerate(texts):
        wave = spoken(text, seed)
        noise = 0.3 * np.random.default_rng(seed).standard_normal(len(wave))
        waves.append((wave + noise.astype(np.float32), 8000))
    held_out = model.read(waves, texts)
    model.answer_with({"decoding": {"alpha": 0.0, "beta": 0.0, "attention": 0.5}})
    before = model.score(held_out)
    model.answer_with({"decoding": {"alpha": None, "beta": None, "attention": None}})
    model.settle(held_out)
    assert model.score(held_out) >= before - 0.02 and math.isfinite(before)


def test_what_is_too_long_to_train_on_is_still_answered(model: SpeechRecognizer, tmp_path: Path) -> None:
    """Recordings of more than `features.audio.longest` seconds, as files and as arrays; damaged ones say why."""
    texts = sentences(12, seed=4)
    parts = [part for seed, text in enumerate(texts) for part in (np.zeros(90_000, np.float32), spoken(text, seed))]
    wave = np.concatenate(parts)
    assert len(wave) > 120 * 8000
    soundfile.write(tmp_path / "talk.wav", wave, 8000)
    (tmp_path / "talk.flac").write_bytes(b"no sound")
    model.answer_with({"decoding": {"times": True}})
    talk, damaged, array, short = model(
        [tmp_path / "talk.wav", tmp_path / "talk.flac", (wave, 8000), (spoken("ab", 0), 8000)]
    )
    assert damaged.error is not None and "not a sound file" in damaged.error
    assert len(talk.label.split()) >= 10 and array.label == talk.label and short.label == "ab"
    assert talk.words[-1].start > 120
    assert model.predict([tmp_path / "talk.wav"]).tolist() == [talk.label]
    with pytest.raises(DataError, match=r"talk\.wav: \d+ s long, more than audio\.longest \(120 s\)"):
        model.evaluate([tmp_path / "talk.wav"], ["ab"])


def test_how_it_is_measured_may_be_changed_and_the_worst_show_when_words_were_heard(model: SpeechRecognizer) -> None:
    model.answer_with({"decoding": {"search": "greedy", "lm": None}})
    sounds, labels = [(spoken("ab c", 1), 8000), (spoken("cab", 2), 8000)], ["AB c", "cab cab"]
    before = model.evaluate(sounds, labels)
    after = model.answer_with({"evaluation": {"normalise": "basic"}}).evaluate(sounds, labels)
    assert (before.metrics["wer"].value, after.metrics["wer"].value) == (0.5, 0.25)
    (mistake,) = after.mistakes
    (mark,) = mistake.media[1].marks
    assert mistake.prediction == mark.text == "cab" and 0 <= mark.start < mark.end <= 1
    silent = model.answer_with({"evaluation": {"play": 0}}).evaluate(sounds, labels)
    assert silent.mistakes[0].media == ()
