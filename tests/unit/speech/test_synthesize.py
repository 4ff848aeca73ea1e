"""Synthetic data sets: the same each time, gone on with, parted by voice and sentence, and read by the domain."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from console import fourfold

from fourfold.core.errors import ArtifactError, ConfigError, DataError
from fourfold.speech.data import read
from fourfold.speech.synth import SynthesisConfig, synthesize
from fourfold.speech.synth.noise import mix, noise, piece, power

pytest.importorskip("espeakng_loader", reason="needs the extra 'synth': pip install 'fourfold[synth]'")

VOICES = ("en-us+m1", "en-us+f2", "en+m1", "en+m3")
TEXTS = ["yes", "no", "go on", "stop now", "left", "right"]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_data_set_that_the_domain_reads(tmp_path: Path) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("\ufeff" + "\n\n".join(TEXTS) + "\n", encoding="utf-8")
    done = synthesize(texts, tmp_path / "set", SynthesisConfig(voices=VOICES, count=9))
    assert (done.train, done.test, done.made, done.left_out) == (9, 0, 9, 0)
    examples = read(tmp_path / "set" / "manifest.csv")
    assert examples.labels is not None and examples.labels.tolist() == [*TEXTS, *TEXTS[:3]]
    assert not examples.errors and {clip.rate for clip in examples.inputs} == {16000}
    assert {clip.speaker for clip in examples.inputs} <= set(VOICES)
    assert (tmp_path / "set" / "SOURCE.txt").read_text(encoding="utf-8").startswith("SYNTHETIC speech")


@pytest.mark.parametrize("format", ["wav", "flac"])
def test_the_same_seed_gives_the_same_files(tmp_path: Path, format: Any) -> None:
    def made(name: str, seed: int) -> dict[str, bytes]:
        config = SynthesisConfig(voices=VOICES, noise=(5, 20), count=5, seed=seed, format=format)
        synthesize(TEXTS, tmp_path / name, config)
        return content(tmp_path / name)

    assert made("one", 1) == made("two", 1)
    other = made("three", 2)
    assert all(other[name] != sound for name, sound in made("one", 1).items() if name.endswith(format))


def test_a_broken_off_run_goes_on_and_more_may_be_added(tmp_path: Path) -> None:
    def config(count: int) -> SynthesisConfig:
        return SynthesisConfig(voices=VOICES, noise=(10, 10), count=count)

    def stop(done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesize(TEXTS, tmp_path / "broken", config(8), progress=stop)
    assert not (tmp_path / "broken" / "manifest.csv").exists()
    assert synthesize(TEXTS, tmp_path / "broken", config(8)).made == 4
    synthesize(TEXTS, tmp_path / "whole", config(5))
    assert synthesize(TEXTS, tmp_path / "whole", config(8)).made == 3
    broken, whole = (
        {n: c for n, c in content(tmp_path / f).items() if ".writing" not in n} for f in ("broken", "whole")
    )
    assert broken == whole
    assert synthesize(TEXTS, tmp_path / "whole", config(8)).made == 0


def test_voices_and_sentences_of_the_test_are_unseen(tmp_path: Path) -> None:
    texts = [f"number {number}" for number in range(30)] + ["Number 3"]
    done = synthesize(texts, tmp_path, SynthesisConfig(voices=VOICES, test=0.2, count=70))
    train, test = rows(tmp_path / "manifest.csv"), rows(tmp_path / "test.csv")
    assert (len(train), len(test)) == (done.train, done.test) and done.train + done.test == 70
    assert 5 <= len(test) <= 30
    people = [{row["speaker"].partition("+")[2] for row in part} for part in (train, test)]
    said = [{row["text"].casefold() for row in part} for part in (train, test)]
    assert not people[0] & people[1] and not said[0] & said[1]


def test_two_sentences_are_parted_whatever_the_share(tmp_path: Path) -> None:
    for share in (0.001, 0.999):
        folder = tmp_path / str(share)
        done = synthesize(["yes", "no"], folder, SynthesisConfig(voices=VOICES, test=share))
        assert (done.train, done.test) == (1, 1)


def test_folders_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fourfold.speech.synth.dataset.PER_FOLDER", 2)
    synthesize(TEXTS, tmp_path, SynthesisConfig(voices=VOICES, count=5))
    assert [len(list(folder.iterdir())) for folder in sorted((tmp_path / "train").iterdir())] == [2, 2, 1]


def test_what_cannot_be_said_is_counted(tmp_path: Path) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("yes\n...\nno\x07\n" + "a" * 1001 + "\n!\nno\n")
    done = synthesize(texts, tmp_path / "set", SynthesisConfig(voices=VOICES))
    assert (done.train, done.left_out) == (2, 4)
    assert done.why == (
        "texts.txt:2: there is no letter or digit in it",
        "texts.txt:3: there are control characters in it",
        "texts.txt:4: it has 1,001 characters, more than 1,000",
    )


@pytest.mark.parametrize("pink", [False, True])
@pytest.mark.parametrize("decibels", [-5.0, 0.0, 20.0])
def test_the_ratio_is_kept(decibels: float, pink: bool) -> None:
    tone = (0.01 * np.sin(np.arange(16000))).astype(np.float32)
    added = noise(16000, np.random.default_rng(1), pink=pink)
    difference = mix(tone, added, decibels) - tone
    assert 10 * np.log10(power(tone) / power(difference)) == pytest.approx(decibels, abs=0.01)
    assert np.abs(mix(50 * tone, added, decibels)).max() <= 0.9001


def test_pink_noise_falls_by_three_decibels_an_octave() -> None:
    spectrum = np.abs(np.fft.rfft(noise(1 << 16, np.random.default_rng(0), pink=True))) ** 2
    low, high = spectrum[1000:2000].mean(), spectrum[8000:16000].mean()
    assert low / high == pytest.approx(8, rel=0.1)


def test_recorded_noise(tmp_path: Path) -> None:
    (tmp_path / "noises").mkdir()
    soundfile.write(tmp_path / "noises" / "hum.wav", np.sin(np.arange(4000) / 10) / 3, 8000)
    config = SynthesisConfig(voices=VOICES, noise=(0, 0), noises=tmp_path / "noises", count=2)
    synthesize(TEXTS, tmp_path / "set", config)
    quiet = SynthesisConfig(voices=VOICES, count=2)
    synthesize(TEXTS, tmp_path / "quiet", quiet)
    for number in range(2):
        loud, plain = (
            soundfile.read(tmp_path / name / "train" / "0000" / f"{number:07}.wav")[0] for name in ("set", "quiet")
        )
        spectrum = np.abs(np.fft.rfft(loud * np.hanning(len(loud))))
        assert abs(spectrum.argmax() * 16000 / len(loud) - 8000 / 20 / np.pi) < 20 and len(loud) == len(plain)


def test_short_noise_is_repeated() -> None:
    clip = read([np.arange(1, 101, dtype=np.float32) / 100], ["x"], rate=8000).inputs[0]
    found = piece([clip], 250, 8000, np.random.default_rng(0))
    assert len(found) == 250 and np.array_equal(found[:100], found[100:200])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"voices": ("en+nobody",)}, "eSpeak NG has no voice 'en+nobody'; try en, en-us, de or en-us+f3"),
        ({"voices": ("en+m1",), "test": 0.1}, "voices (en+m1): a test part of other voices needs at least two"),
        ({"voices": ("en", "en")}, "voices: none, or one of them twice; name some that differ, as en-us+m3,en-us+f2"),
        ({"rates": (20, 500)}, "rates (20-500) must be LOW-HIGH in 80 … 450"),
        ({"noise": (20, 5)}, "noise (20-5) must be LOW-HIGH in -20 … 100 dB"),
        ({"noises": Path("hum")}, "noises (hum): how loud? Give noise too, in dB, as 10-20"),
        ({"test": 1.0}, "test (1.0) must be a share: at least 0 and below 1"),
    ],
)
def test_wrong_settings(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        synthesize(TEXTS, tmp_path, SynthesisConfig(**settings))
    assert str(error.value) == message and not list(tmp_path.iterdir())


def test_wrong_texts(tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"

    def refused(share: float = 0.0) -> str:
        with pytest.raises(DataError) as error:
            synthesize(path, tmp_path / "set", SynthesisConfig(voices=VOICES, test=share))
        return str(error.value)

    assert refused() == f"{path}: cannot be read (no such file or directory); correct the path"
    path.write_text(" \n\n")
    assert refused() == "texts.txt: there are no sentences; write one on each line"
    path.write_bytes(b"caf\xe9\n")
    assert refused() == f"{path}: not text in UTF-8 (invalid continuation byte); convert it"
    path.write_text("Yes\nyes\n")
    assert refused(0.1) == "texts.txt: one sentence only; a test part of others needs at least two"


def test_another_folder_is_asked_for(tmp_path: Path) -> None:
    synthesize(["yes"], tmp_path / "set", SynthesisConfig(voices=VOICES))
    with pytest.raises(ConfigError) as error:
        synthesize(["no"], tmp_path / "set", SynthesisConfig(voices=VOICES, seed=1))
    where = tmp_path / "set" / "synthesis.json"
    assert str(error.value) == f"{where}: made with other settings (seed, texts); give another folder"
    where.write_text("[")
    with pytest.raises(ConfigError) as error:
        synthesize(["yes"], tmp_path / "set", SynthesisConfig(voices=VOICES))
    assert "the file is damaged" in str(error.value)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("")
    with pytest.raises(ArtifactError) as error:
        synthesize(["yes"], tmp_path / "mine", SynthesisConfig(voices=VOICES))
    assert str(error.value) == f"{tmp_path / 'mine'}: there is something else in it; give an empty or a new folder"


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS))

    texts, out = tmp_path / "texts.txt", tmp_path / "set"
    settings = ("--voices", "en+m1,en+f2", "--noise", "20", "--test", "0.3", "--flac")
    done = fourfold("speech", "synthesize", texts, "--out", out, *settings)
    assert done.code == 0, done.err
    kept = json.loads((out / "synthesis.json").read_text())
    assert kept["noise"] == [20, 20] and kept["voices"] == ["en+m1", "en+f2"]
    assert "said 6 of 6" in done.err and "(6 new)" in done.err
    wrong = fourfold("speech", "synthesize", texts, "--out", out, "--rates", "fast")
    assert wrong.code == 2 and "rates ('fast') must be LOW-HIGH or one number" in wrong.err
