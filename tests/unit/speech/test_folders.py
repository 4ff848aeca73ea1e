"""Folders as LibriSpeech, Speech Commands, Hugging Face and torchaudio have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from fourfold.core.errors import ConfigError, DataError
from fourfold.speech.data import divided, noises, read
from fourfold.speech.data.folders import utterances
from fourfold.speech.pipeline import SpeechRecognizer


def sound(path: Path, wave: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, wave, 8000)
    return path


def librispeech(folder: Path, speaker: int, texts: list[str], say: Any) -> Path:
    """Write `SPEAKER/7/SPEAKER-7-0000.flac` … and what is said in them."""
    home = folder / str(speaker) / "7"
    names = [f"{speaker}-7-{number:04}" for number in range(len(texts))]
    for number, (name, text) in enumerate(zip(names, texts, strict=True)):
        sound(home / f"{name}.flac", say(text.lower(), 10 * speaker + number))
    path = home / f"{speaker}-7.trans.txt"
    path.write_text("".join(f"{name} {text}\n" for name, text in zip(names, texts, strict=True)))
    return path


def test_librispeech(tmp_path: Path, say: Any) -> None:
    librispeech(tmp_path / "dev-clean", 84, ["AB C", "BA"], say)
    librispeech(tmp_path / "dev-clean", 5, ["C"], say)
    found = read(tmp_path / "dev-clean")
    assert list(found.labels) == ["C", "AB C", "BA"]
    assert [clip.speaker for clip in found.inputs] == ["5", "84", "84"]
    assert (found.name, found.place(1), found.errors) == ("dev-clean", "84-7.trans.txt:1", {})


def test_what_librispeech_lacks_is_told(tmp_path: Path, say: Any) -> None:
    path = librispeech(tmp_path, 84, ["AB", "BA", "C"], say)
    path.write_text("84-7-0000 AB\n\n84-7-0001\n84-7-0009 C\n../../x A\n84-7-0000 AB\n")
    found = read(tmp_path)
    endings = ".wav, .flac, .ogg, .opus, .mp3"
    assert list(found.labels) == ["AB", "", "C", "A", "AB"]
    assert found.errors == {
        2: f"there is no recording '84-7-0009' beside it ({endings}); add it",
        3: f"there is no recording '../../x' beside it ({endings}); add it",
        4: "'84-7-0000' is there twice; remove one of its lines",
    }
    assert found.notes == (f"{tmp_path.name}: left out 1 recordings without a transcript",)
    path.write_text("\n")
    with pytest.raises(DataError) as error:
        read(tmp_path)
    assert str(error.value) == f"{tmp_path}: its .trans.txt files are empty; write 'ID what is said' on each line"


_WORD = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=6)


@given(rows=st.lists(st.tuples(_WORD, st.lists(_WORD, max_size=4)), max_size=6), ending=st.sampled_from(["\n", "\r\n"]))
def test_transcripts_are_read_line_by_line(
    rows: list[tuple[str, list[str]]], ending: str, tmp_path_factory: Any
) -> None:
    path = tmp_path_factory.mktemp("trans") / "a.trans.txt"
    text = "".join(f"{name} {' '.join(words)}{ending}" for name, words in rows)
    path.write_bytes(("\ufeff" + text).encode())
    assert list(utterances(path)) == [(n, name, " ".join(words)) for n, (name, words) in enumerate(rows, 1)]


def test_the_parts_of_librispeech(tmp_path: Path, say: Any) -> None:
    for number, name in enumerate(["train-clean-100", "train-other-500", "dev-clean", "dev-other", "test-clean"]):
        librispeech(tmp_path / name, number, ["AB"], say)
    parts = divided(tmp_path)
    assert parts == {
        "train": f"{tmp_path}:train", "valid": f"{tmp_path}:valid", "test": f"{tmp_path}/test-clean",
    }  # fmt: skip
    assert [clip.speaker for clip in read(parts["train"]).inputs] == ["0", "1"]
    assert [clip.speaker for clip in read(parts["valid"]).inputs] == ["2", "3"]
    assert len(read(tmp_path)) == 5


def commands(folder: Path, say: Any) -> Path:
    """Write Speech Commands with two words, three speakers, and noise."""
    for word in ("ab", "c"):
        for speaker in ("1a", "2b", "3c"):
            sound(folder / word / f"{speaker}_nohash_0.wav", say(word, int(speaker[0])))
    sound(folder / "_background_noise_" / "hum.wav", 0.1 * np.ones(80000))
    (folder / "testing_list.txt").write_text("ab/3c_nohash_0.wav\nc/3c_nohash_0.wav\n")
    (folder / "validation_list.txt").write_text("ab/2b_nohash_0.wav\n")
    return folder


def test_speech_commands(tmp_path: Path, say: Any) -> None:
    folder = commands(tmp_path / "sc", say)
    found = read(folder)
    assert list(found.labels) == ["ab"] * 3 + ["c"] * 3
    assert [clip.speaker for clip in found.inputs] == ["1a", "2b", "3c"] * 2
    parts = divided(folder)
    assert {part: [read(data).place(row) for row in range(len(read(data)))] for part, data in parts.items()} == {
        "train": ["ab/1a_nohash_0.wav", "c/1a_nohash_0.wav", "c/2b_nohash_0.wav"],
        "test": ["ab/3c_nohash_0.wav", "c/3c_nohash_0.wav"],
        "valid": ["ab/2b_nohash_0.wav"],
    }
    assert read(parts["test"]).name == "sc/test"
    (folder / "testing_list.txt").write_text("")
    with pytest.raises(DataError) as error:
        read(parts["test"])
    assert str(error.value) == f"{folder}: no recordings of the part 'test'; check testing_list.txt"


def test_training_takes_the_parts_of_a_folder(tmp_path: Path, say: Any) -> None:
    folder = commands(tmp_path / "sc", say)
    model = SpeechRecognizer(preset="linear").fit(folder)
    assert model.facts_["train_rows"] == 3
    assert model.evaluation_.data == "sc/valid" and model.evaluation_.rows == 1


def test_hugging_faces_folder_of_sounds(tmp_path: Path, say: Any) -> None:
    for part in ("train", "test"):
        sound(tmp_path / part / "deep" / "0.wav", say("ab"))
        sound(tmp_path / part / "1.wav", say("c"))
        (tmp_path / part / "metadata.csv").write_text("file_name,transcription\ndeep/0.wav,ab\n1.wav,c\n")
    assert divided(tmp_path) == {"train": f"{tmp_path}/train", "test": f"{tmp_path}/test"}
    found = read(tmp_path / "train")
    assert list(found.labels) == ["ab", "c"] and found.errors == {} and found.place(1) == "metadata.csv:3"


def test_a_saved_data_set_of_hugging_face(tmp_path: Path, table: Path) -> None:
    datasets = pytest.importorskip("datasets")
    rows = {
        "audio": [{"bytes": (table.parent / "wavs" / f"{n}.wav").read_bytes(), "path": None} for n in range(4)],
        "text": ["ab", "ba", "ab c", "c"],
    }
    datasets.Dataset.from_dict(rows).save_to_disk(tmp_path / "saved")
    found = read(tmp_path / "saved")
    assert list(found.labels) == rows["text"] and found.errors == {}
    assert (found.inputs[3].sound(8000) == read(table).inputs[3].sound(8000)).all()


def test_torchaudios_sets(tmp_path: Path, say: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("FOURFOLD_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "cache" / "kept-torchaudio"
    sound(root / "waves_yesno" / "0_1.wav", say("ab"))
    librispeech(root / "LibriSpeech" / "test-clean", 3, ["AB C"], say)
    commands(tmp_path / "SpeechCommands" / "speech_commands_v0.02", say)
    sound(tmp_path / "LJSpeech-1.1" / "wavs" / "LJ1.wav", say("ab"))
    (tmp_path / "LJSpeech-1.1" / "metadata.csv").write_text('LJ1|"Ab 1|"Ab one\n')
    assert list(read("torchaudio:yesno").labels) == ["no yes"]
    libri = read("torchaudio:LIBRISPEECH:test-clean")
    assert (libri.name, list(libri.labels), libri.inputs[0].speaker) == ("LIBRISPEECH/test-clean", ["AB C"], "3")
    assert len(read(f"torchaudio:SPEECHCOMMANDS@{tmp_path}")) == 3
    assert len(read(f"torchaudio:SPEECHCOMMANDS:test@{tmp_path}")) == 2
    assert list(read(f"torchaudio:LJSPEECH@{tmp_path}").labels) == ['"Ab one']


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("torchaudio:YESNOO", "torchaudio:YESNOO: no data set 'YESNOO'; did you mean 'YESNO'?"),
        ("torchaudio:YESNO:test", "torchaudio:YESNO:test: YESNO has one split only; leave ':test' out"),
        (
            "torchaudio:LIBRISPEECH@x",
            "torchaudio:LIBRISPEECH@x: no folder x/LibriSpeech/train-clean-100; name the one that holds LibriSpeech",
        ),
    ],
)
def test_torchaudios_sets_that_are_not_there(data: str, message: str) -> None:
    with pytest.raises((ConfigError, DataError)) as error:
        read(data)
    assert str(error.value) == message


def test_a_download_that_fails(tmp_path: Path, monkeypatch: Any) -> None:
    import torchaudio

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("HTTP Error 503\nand more")

    monkeypatch.setenv("FOURFOLD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(torchaudio.datasets, "YESNO", fail)
    with pytest.raises(DataError) as error:
        read("torchaudio:YESNO")
    assert str(error.value) == "torchaudio:YESNO: cannot be had (HTTP Error 503); check the split and the network"


def test_noises(tmp_path: Path, say: Any) -> None:
    folder = commands(tmp_path / "sc", say) / "_background_noise_"
    (hum,) = noises(folder)
    assert (hum.name, hum.rate, hum.seconds) == ("hum.wav", 8000, 10)
    assert len(hum.part(2.5, 0.5).sound(16000)) == 8000
    assert len(hum.part(1, 5).part(1, 1).sound(8000)) == 8000
    (folder / "rain.wav").write_text("drops")
    with pytest.raises(DataError) as error:
        noises(folder)
    reason = "rain.wav: not a sound file (Format not recognised); convert it to WAV, FLAC, OGG or MP3"
    assert str(error.value) == f"{folder}: {reason}"


def test_links_and_folders_that_are_called_as_sounds(tmp_path: Path, say: Any) -> None:
    sound(tmp_path / "a" / "0.wav", say("ab"))
    (tmp_path / "a" / "1.wav").symlink_to("1.wav")
    (tmp_path / "a" / "2.wav").mkdir()
    (tmp_path / "a" / "._3.wav").write_text("what a Mac leaves")
    (tmp_path / "a" / "again").symlink_to(tmp_path / "a")
    found = read(tmp_path)
    assert len(found) == 3 and list(found.errors) == [1, 2]


def test_a_folder_to_predict(tmp_path: Path, say: Any) -> None:
    folder = commands(tmp_path / "sc", say)
    model = SpeechRecognizer(preset="linear").fit(folder)
    assert len(model.read_inputs([str(folder / "ab"), str(folder / "c" / "1a_nohash_0.wav")])) == 4


COMMON = "client_id\tpath\tsentence\tup_votes\n"


def common_voice(folder: Path, say: Any, parts: dict[str, list[str]]) -> Path:
    """Make a folder as Common Voice's are."""
    (folder / "clips").mkdir()
    number = 0
    for name, texts in parts.items():
        lines = []
        for text in texts:
            soundfile.write(folder / "clips" / f"common_voice_en_{number}.flac", say("ab"), 8000)
            lines.append(f"speaker{number % 2}\tcommon_voice_en_{number}.flac\t{text}\t2\n")
            number += 1
        (folder / f"{name}.tsv").write_text(COMMON + "".join(lines), encoding="utf-8")
    return folder


def test_common_voice(tmp_path: Path, say: Any) -> None:
    parts = {"train": ['"Said" she said', "你好"], "dev": ["b"], "test": ["c"], "validated": ["d", "e", "f"]}
    folder = common_voice(tmp_path, say, parts)
    (folder / "other.tsv").write_text(COMMON, encoding="utf-8")
    assert divided(folder) == {part: f"{folder}:{part}" for part in ("train", "valid", "test")}
    train, valid, whole = read(f"{folder}:train"), read(f"{folder}:valid"), read(folder)
    assert train.labels.tolist() == ['"Said" she said', "你好"] and not train.errors
    assert [clip.speaker for clip in train.inputs] == ["speaker0", "speaker1"]
    assert valid.labels.tolist() == ["b"] and whole.labels.tolist() == ["d", "e", "f"]
    assert train.place(1) == "train.tsv:3"


def test_common_voice_that_is_not_whole(tmp_path: Path, say: Any) -> None:
    folder = common_voice(tmp_path, say, {"train": ["a", "b"], "dev": ["c"]})
    (folder / "clips" / "common_voice_en_1.flac").unlink()
    train = read(f"{folder}:train")
    assert list(train.errors) == [1] and "common_voice_en_1.flac" in train.errors[1]
    with pytest.raises(DataError) as error:
        read(folder)
    there = f"there is: {folder}:train, {folder}:valid"
    assert str(error.value) == f"{folder}: no validated.tsv to read as a whole; {there}"
    with pytest.raises(DataError) as error:
        read(f"{folder}:test")
    assert str(error.value) == f"{folder}: no test.tsv; {there}"
