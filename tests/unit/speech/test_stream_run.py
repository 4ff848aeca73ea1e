"""A trained model of chunks: what it says, in threads and in pieces, and `predict --stream`."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import torch
from console import fourfold
from letters import sentences, spoken

from fourfold.core.config import override
from fourfold.core.errors import ConfigError
from fourfold.speech import SpeechRecognizer
from fourfold.speech.config import tiny
from fourfold.speech.stream import SpeechStream

Floats = npt.NDArray[np.float32]
HOW = "train one with --preset streaming, or --set model.chunk=0.64 --set features.audio.level=running"


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
