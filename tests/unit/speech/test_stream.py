"""Streams: their transcripts are those of whole recordings, their partial results grow, and `predict --stream`."""

from __future__ import annotations

import io
import json
import math
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import torch
from console import fourfold
from hypothesis import given, settings
from hypothesis import strategies as st
from letters import tone

from fourfold.core.config import override
from fourfold.core.errors import ConfigError, DataError
from fourfold.core.nn import TransformerConfig
from fourfold.core.training import predict
from fourfold.speech import SpeechRecognizer
from fourfold.speech.audio import AudioConfig
from fourfold.speech.config import tiny
from fourfold.speech.data import SpeechFeatures, SpeechFeaturesConfig, Vocabulary, read
from fourfold.speech.decode import Beam, DecodingConfig, Transcriber, Transcript
from fourfold.speech.language import LanguageConfig, estimate
from fourfold.speech.model import SpeechModel, SpeechModelConfig
from fourfold.speech.stream import Partial, SpeechStream
from fourfold.speech.task import SpeechTask

Floats = npt.NDArray[np.float32]
HOW = "train one with --preset streaming, or --set model.chunk=0.64 --set features.audio.level=running"
AUDIO = AudioConfig(sample_rate=8000, level="running", mels=10)
WORDS = ["a", "b", "c", "ab", "ba", "cab", "bc"]


def spoken(text: str, seed: int) -> Floats:
    return tone(text, seed, seconds=0.16)


def sentences(count: int, seed: int = 0) -> list[str]:
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(WORDS, random.integers(1, 4))) for _ in range(count)]


def untrained(subsampling: int, *, left: int = 2, longest: float = 120.0) -> tuple[SpeechModel, SpeechFeatures]:
    """A model that says much, of no meaning."""
    torch.manual_seed(subsampling)
    shape = TransformerConfig(width=32, num_layers=2, num_heads=4, rotary=True, convolution=5)
    config = SpeechModelConfig(encoder=shape, decoder=replace(shape, convolution=0), kernel=9, left=left)
    model = SpeechModel(config, mels=10, vocab_size=7, subsampling=subsampling, chunk=3)
    torch.nn.init.normal_(model.ctc.weight, std=0.5)
    vocabulary = Vocabulary(tuple(" abc"))
    audio = replace(AUDIO, longest=longest)
    mean, deviation = np.full(10, -5, np.float32), np.full(10, 3, np.float32)
    features = SpeechFeatures(SpeechFeaturesConfig(audio=audio), audio, subsampling, vocabulary, mean, deviation)
    return model.eval(), features


def offline(model: SpeechModel, features: SpeechFeatures, transcriber: Transcriber, wave: Floats) -> Transcript:
    """Transcribe as `predict` does, from the frames that training keeps."""
    task = SpeechTask(model, features.vocabulary, transcriber=transcriber)
    (found,) = predict(task, features.source(read([wave], rate=8000)), torch.device("cpu"))
    return found


def fed(stream: SpeechStream, wave: Floats, sizes: list[int]) -> list[Partial]:
    return [stream.feed(part) for part in np.split(wave, np.minimum(np.cumsum(sizes, dtype=int), len(wave)))]


@settings(max_examples=40, deadline=None)
@given(
    subsampling=st.sampled_from([4, 8]),
    search=st.sampled_from(["greedy", "beam", "joint", "attention"]),
    samples=st.integers(1, 9000),
    sizes=st.lists(st.integers(0, 3000), max_size=8),
    with_language=st.booleans(),
)
def test_a_stream_says_what_the_whole_says(
    subsampling: int, search: str, samples: int, sizes: list[int], with_language: bool
) -> None:
    model, features = untrained(subsampling)
    wave = (0.3 * np.random.default_rng(samples).standard_normal(samples)).astype(np.float32)
    decoding = DecodingConfig(search=search, beam=4, times=True, nbest=1)  # type: ignore[arg-type]
    language = estimate(sentences(50), LanguageConfig(order=2)) if with_language else None
    transcriber = Transcriber(features.vocabulary, decoding, language, 0.01 * subsampling)
    whole = offline(model, features, transcriber, wave)
    stream = SpeechStream(model, features, transcriber)
    partials = fed(stream, wave, sizes)
    said = stream.finish()
    assert said.label == str(whole)
    assert said.probability == pytest.approx(whole.confidence, rel=1e-3)
    assert [word.word for word in said.words] == [word.word for word in whole.words]
    for partial in partials:
        assert said.label.startswith(partial.stable) and partial.text.startswith(partial.stable)
        if search == "greedy":
            assert partial.text == partial.stable


@pytest.mark.parametrize("subsampling", [4, 8])
def test_steps_are_those_of_the_whole_sample_by_sample(subsampling: int) -> None:
    model, features = untrained(subsampling)
    wave = spoken("abc", 1)
    transcriber = Transcriber(features.vocabulary, DecodingConfig(search="greedy"))
    stream = SpeechStream(model, features, transcriber)
    for place in range(len(wave)):
        stream.feed(wave[place : place + 1])
    stream.finish()
    batch = features.source(read([wave], rate=8000)).batch(np.zeros(1, np.int64))
    with torch.inference_mode():
        expected = model.encode(batch)[0]
    found = stream._piece.memory_1TD
    assert found is not None and found.shape == expected.shape
    assert (found - expected).abs().max() <= 1e-4


def test_integers_and_other_rates_are_heard_alike() -> None:
    model, features = untrained(4)
    transcriber = Transcriber(features.vocabulary, DecodingConfig(search="greedy"))
    wave = spoken("abcab", 1)
    whole = (wave * 32768).astype(np.int16)
    plain, other = SpeechStream(model, features, transcriber), SpeechStream(model, features, transcriber, 16000)
    plain.feed(whole / 32768)
    other.feed(np.zeros(0, np.float32))
    other.feed(np.repeat(whole, 2))
    assert plain.seconds == other.seconds == len(wave) / 8000
    assert isinstance(other.finish().label, str)
    again = SpeechStream(model, features, transcriber)
    again.feed(whole)
    assert again.finish() == plain.finish()


def test_what_cannot_be_fed_is_said() -> None:
    model, features = untrained(4)
    stream = SpeechStream(model, features, Transcriber(features.vocabulary))
    with pytest.raises(DataError) as error:
        stream.feed(np.zeros((4, 2)))
    assert str(error.value) == "stream: samples of the shape (4, 2); give a flat array of one channel"
    with pytest.raises(DataError) as error:
        stream.feed(np.array([np.nan]))
    assert str(error.value) == "stream: samples that are not finite numbers; give floats in [-1, 1]"
    with pytest.raises(DataError) as error:
        stream.finish()
    assert str(error.value) == "stream: no samples came; feed it some before it is finished"
    stream.feed(np.zeros(1))
    stream.finish()
    for again in (stream.finish, lambda: stream.feed(np.zeros(1))):
        with pytest.raises(ConfigError) as refused:
            again()
        assert str(refused.value) == "stream: it is finished; begin another with create_stream()"


def test_latency_is_what_it_takes_until_a_chunk_is_heard() -> None:
    model, features = untrained(4)
    stream = SpeechStream(model, features, Transcriber(features.vocabulary, DecodingConfig(search="greedy"), step=0.04))
    least, most = stream.latency
    samples = round(most * 8000)
    stream.feed(np.zeros(samples - 1))
    assert stream._piece.steps == 0
    stream.feed(np.zeros(1))
    assert stream._piece.steps == 3 and most - least == pytest.approx(3 * 0.04)


def test_a_long_stream_is_bounded_and_cut_at_pauses() -> None:
    model, features = untrained(4)
    config = DecodingConfig(search="beam", piece=1.0, times=True)
    transcriber = Transcriber(features.vocabulary, config, step=0.04)
    wave = (0.3 * np.random.default_rng(0).standard_normal(92_000)).astype(np.float32)
    stream, held = SpeechStream(model, features, transcriber), []
    for part in np.array_split(wave, 50):
        stream.feed(part)
        held.append(stream._piece.steps)
    assert max(held) <= 26  # a second of frames is 101, 26 steps
    assert len(stream._before) >= 9
    said = stream.finish()
    assert said.label == " ".join(word.word for word in said.words) and len(said.words) >= 8
    starts = [word.start for word in said.words]
    assert starts == sorted(starts) and starts[-1] > 9
    other = SpeechStream(model, features, transcriber)
    other.feed(wave)
    assert other.finish().label == said.label


@pytest.mark.parametrize(("longest", "piece"), [(1.0, 2.0), (2.0, 1.0), (math.inf, 2.0)])
def test_a_stream_that_sees_all_chunks_is_bounded_too(longest: float, piece: float) -> None:
    """By the longest recording, of 2 seconds here: of one that long it says what the whole says, of all later ones it
    keeps no more."""
    model, features = untrained(4, left=0, longest=longest)
    transcriber = Transcriber(features.vocabulary, DecodingConfig(search="greedy", piece=piece), step=0.04)
    stream, held = SpeechStream(model, features, transcriber), []
    for part in np.array_split((0.3 * np.random.default_rng(0).standard_normal(80_000)).astype(np.float32), 50):
        stream.feed(part)
        held.append(max(layer.own.length for layer in stream._state.encoder.layers))
    assert held[8] == 42 and max(held) == held[-1] == 51  # 17 chunks of 3 steps of 40 ms
    wave = (0.3 * np.random.default_rng(1).standard_normal(16_000)).astype(np.float32)
    whole = Transcriber(features.vocabulary, replace(transcriber.config, piece=2.0), step=0.04)
    stream = SpeechStream(model, features, whole)
    stream.feed(wave)
    with torch.inference_mode():
        (expected,) = whole(model, features.source(read([wave], rate=8000)).batch(np.zeros(1, np.int64)))
    assert stream.finish().label == str(expected)


def test_a_long_recording_at_once_is_searched_as_often_as_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the rest of it again at each cut."""
    model, features = untrained(4)
    transcriber = Transcriber(features.vocabulary, DecodingConfig(search="beam", piece=1.0), step=0.04)
    wave = (0.3 * np.random.default_rng(0).standard_normal(320_000)).astype(np.float32)
    searched, feed = [0], Beam.feed

    def counted(beam: Beam, log_probs_TV: npt.NDArray[np.float64]) -> None:
        searched[0] += len(log_probs_TV)
        feed(beam, log_probs_TV)

    monkeypatch.setattr(Beam, "feed", counted)
    whole, blocks = SpeechStream(model, features, transcriber), SpeechStream(model, features, transcriber)
    whole.feed(wave)
    at_once = searched[0]
    for part in np.array_split(wave, 40):
        blocks.feed(part)
    assert at_once <= 1.2 * (searched[0] - at_once) and at_once <= 4 * 1000
    assert whole.finish().label == blocks.finish().label and len(whole._before) >= 30


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recogniser of tones that hears a fifth of a second at a time."""
    out = tmp_path_factory.mktemp("run") / "run"
    texts = sentences(120)
    waves = [(spoken(text, seed), 8000) for seed, text in enumerate(texts)]
    train = {"epochs": 20, "precision": "float32", "threads": 1}
    features = {"units": "characters", "audio": {"level": "running"}}
    settings = {"train": train, "features": features, "model": {"chunk": 0.24, "left": 4, "random_chunks": True}}
    SpeechRecognizer("tiny", config=override(tiny(), settings)).fit(waves, texts, valid=0.2, out=out)
    return out


@pytest.fixture(scope="module")
def model(run: Path) -> SpeechRecognizer:
    return SpeechRecognizer.load(run)


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "said.wav"
    soundfile.write(path, spoken("ab ba cab", 901), 8000)
    return path


def test_a_model_of_chunks_learns_to_say_words(model: SpeechRecognizer) -> None:
    texts = sentences(20, seed=7)
    said = []
    for seed, text in enumerate(texts):
        stream, wave = model.create_stream(), spoken(text, 500 + seed)
        for part in np.array_split(wave, 9):
            stream.feed(part)
        said.append(stream.finish())
    whole = model([(spoken(text, 500 + seed), 8000) for seed, text in enumerate(texts)])
    assert [one.label for one in said] == [one.label for one in whole]
    assert [one.probability for one in said] == pytest.approx([one.probability for one in whole], rel=1e-3)
    assert sum(one.label == text for one, text in zip(said, texts, strict=True)) >= 15


def test_partial_results_come_before_the_end(model: SpeechRecognizer) -> None:
    wave = spoken("ab ba cab", 901)
    stream = model.create_stream()
    partials = [stream.feed(part) for part in np.array_split(wave, 30)]
    texts = list(dict.fromkeys(one.text for one in partials))
    assert texts[0] == "" and len(texts) > 4
    assert partials[15].text[:2] == "ab" and partials[-1].seconds == pytest.approx(len(wave) / 8000)


def test_long_recordings_are_heard_as_a_stream(model: SpeechRecognizer) -> None:
    wave = np.concatenate([spoken("ab ba cab ", seed) for seed in range(15)])
    assert len(wave) / 8000 > 20
    (whole,) = model([(wave, 8000)])
    stream = model.create_stream()
    for part in np.array_split(wave, 11):
        stream.feed(part)
    said = stream.finish()
    assert said.label == whole.label and said.probability == pytest.approx(whole.probability, rel=1e-3)
    assert whole.label.count("ab ba cab") >= 10


def test_streams_in_threads_do_not_meet(model: SpeechRecognizer) -> None:
    texts = sentences(6, seed=9)
    said: dict[int, str] = {}

    def listen(number: int) -> None:
        torch.set_num_threads(1)
        stream, wave = model.create_stream(), spoken(texts[number], 700 + number)
        for part in np.array_split(wave, 40):
            stream.feed(part)
        said[number] = stream.finish().label

    threads = [threading.Thread(target=listen, args=(number,)) for number in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = model([(spoken(text, 700 + number), 8000) for number, text in enumerate(texts)])
    assert [said[number] for number in range(len(texts))] == [one.label for one in whole]


def test_a_model_of_wholes_or_none_says_how_to_train_one(model: SpeechRecognizer) -> None:
    texts = sentences(8)
    waves = [(spoken(text, seed), 8000) for seed, text in enumerate(texts)]
    linear = SpeechRecognizer("linear").fit(waves, texts)
    with pytest.raises(ConfigError) as error:
        linear.create_stream()
    assert str(error.value) == f"stream: the classical baseline hears whole recordings alone; {HOW}"
    config = override(tiny(), {"train": {"epochs": 1, "precision": "float32", "threads": 1}})
    whole = SpeechRecognizer(config=config).fit(waves, texts, valid=0.0)
    with pytest.raises(ConfigError) as error:
        whole.create_stream()
    assert str(error.value) == f"stream: this recogniser was trained to hear whole recordings; {HOW}"


def test_predict_stream_reads_a_file(run: Path, model: SpeechRecognizer, sound: Path) -> None:
    (whole,) = model([str(sound)])
    found = fourfold("speech", "predict", run, sound, "--stream")
    assert found.code == 0
    *partial, final = found.out.splitlines()
    assert final == whole.label and len(partial) >= 3 and len(set(partial)) == len(partial)
    assert "hears 0.24 s at a time" in found.err and "real-time factor" in found.err


def test_one_stream_is_made_and_no_search_of_its_own(
    run: Path, model: SpeechRecognizer, sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search with a language model takes long to prepare."""
    assert model.create_stream().transcriber is model.task_.transcriber
    begin, made = SpeechStream.__init__, []

    def counted(stream: SpeechStream, *arguments: Any) -> None:
        made.append(stream)
        begin(stream, *arguments)

    monkeypatch.setattr(SpeechStream, "__init__", counted)
    assert fourfold("speech", "predict", run, sound, "--stream").code == 0
    assert len(made) == 1


def test_predict_stream_writes_json_lines(run: Path, model: SpeechRecognizer, sound: Path) -> None:
    found = fourfold("speech", "predict", run, sound, "--stream", "--json", "--set", "decoding.times=true")
    *partial, final = map(json.loads, found.out.splitlines())
    assert partial and all(set(one) == {"text", "stable", "seconds", "final"} for one in partial)
    assert not any(one["final"] for one in partial) and final["final"]
    assert set(final) == {"text", "seconds", "final", "confidence", "words"} and final["seconds"] == 1.44
    assert [word["word"] for word in final["words"]] == final["text"].split()


def _from_pipe(data: bytes, run: Path, monkeypatch: pytest.MonkeyPatch, *options: str):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(data))))
    return fourfold("speech", "predict", run, "-", "--stream", *options)


def test_predict_stream_reads_a_pipe(
    run: Path, model: SpeechRecognizer, sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (whole,) = model([str(sound)])
    for data in (sound.read_bytes(), sound.read_bytes()[44:]):
        found = _from_pipe(data, run, monkeypatch)
        assert found.code == 0 and found.out.splitlines()[-1] == whole.label
    silent = _from_pipe(bytes(16_000), run, monkeypatch, "--json")
    assert silent.code == 0 and json.loads(silent.out.splitlines()[-1])["seconds"] == 1.0
    empty = _from_pipe(b"", run, monkeypatch)
    assert empty.code == 2 and not empty.out
    expected = "error: standard input: nothing came; pipe raw 16-bit mono PCM at 8000 Hz into it, or a WAV"
    assert empty.err.splitlines()[-1] == expected


def test_predict_stream_asks_no_terminal_for_sound(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    with os.fdopen(ours), os.fdopen(theirs) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        refused = fourfold("speech", "predict", run, "-", "--stream")
    assert (refused.code, refused.err) == (
        2,
        "error: predict: standard input is a terminal; pipe sound into it, as arecord -f S16_LE -r 8000 does\n",
    )


def test_partial_results_come_while_the_pipe_is_open(run: Path) -> None:
    """And Ctrl-C ends the sound, not the program."""
    command = [sys.executable, "-m", "fourfold", "speech", "predict", str(run), "-", "--stream"]
    samples = (spoken("ab ba cab", 901) * 32767).astype("<i2").tobytes()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        process.stdin.write(samples)
        process.stdin.flush()
        first = process.stdout.readline().decode().strip()
        assert first and "ab ba cab".startswith(first)
        process.send_signal(signal.SIGINT)
        process.stdin.write(bytes(16))
        process.stdin.close()
        # How much of what was written had been heard by then is the machine's affair.
        last = process.stdout.read().decode().splitlines()[-1]
        assert last.startswith(first) and "ab ba cab".startswith(last)
        assert "real-time factor" in process.stderr.read().decode()
    assert process.returncode == 0


def test_predict_stream_refuses_what_does_not_go(run: Path, sound: Path, tmp_path: Path) -> None:
    takes = (
        "error: predict: --stream takes one input, - for standard input, and prints; give no --file, --input, --top, "
        "--by or --out"
    )
    for options in (
        (sound, sound),
        (),
        (sound, "--out", tmp_path / "a.csv"),
        ("--file", sound),
        (sound, "--input", "a"),
    ):
        refused = fourfold("speech", "predict", run, *options, "--stream")
        assert (refused.code, refused.err.strip()) == (2, takes)
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF no sound")
    refused = fourfold("speech", "predict", run, broken, "--stream")
    assert refused.code == 2 and "broken.wav: not a sound file" in refused.err
    refused = fourfold("vision", "predict", run, sound, "--stream")
    assert refused.code == 2
    expected = "error: predict: what vision reads does not come bit by bit; leave --stream out"
    assert refused.err.strip() == expected
