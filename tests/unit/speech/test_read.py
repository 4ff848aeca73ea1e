"""Recordings come from tables, folders, files and arrays; what cannot be read is told row by row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile

from fourfold.core.errors import DataError
from fourfold.speech.audio import read_header
from fourfold.speech.data import clean, clips, read


def test_a_table_with_paths_beside_it(table: Path, say: Any) -> None:
    examples = read(table)
    assert list(examples.labels) == ["ab", "ba", "ab c", "c"]
    assert examples.place(2) == "train.csv:4"
    assert examples.errors == {}
    assert np.abs(examples.inputs[1].sound(8000) - say("ba", 1)).max() < 1e-4
    assert len(examples.inputs[1].sound(16000)) == 2 * len(say("ba"))


@pytest.mark.parametrize("ending", ["tsv", "jsonl", "parquet"])
def test_other_tables_and_columns(table: Path, ending: str) -> None:
    frame = pd.read_csv(table).rename(columns={"audio": "file", "text": "words"})
    path = table.with_suffix(f".{ending}")
    writers = {
        "tsv": lambda: frame.to_csv(path, sep="\t", index=False),
        "jsonl": lambda: path.write_text("\n".join(json.dumps(row) for row in frame.to_dict("records"))),
        "parquet": lambda: frame.to_parquet(path),
    }
    writers[ending]()
    examples = read(path, input="file", label="words")
    assert list(examples.labels) == ["ab", "ba", "ab c", "c"]
    assert examples.inputs[0].rate == 8000


def test_a_data_frame(table: Path) -> None:
    frame = pd.DataFrame({"audio": [str(table.parent / "wavs" / "0.wav")]})
    examples = read(frame)
    assert examples.labels is None and examples.place(0) == "DataFrame row 0"


def test_a_folder_for_each_word(tmp_path: Path, say: Any) -> None:
    for word in ("ab", "c"):
        (tmp_path / word).mkdir()
        for number in range(2):
            soundfile.write(tmp_path / word / f"{number}.flac", say(word, number), 8000)
    (tmp_path / "notes.txt").write_text("not a sound")
    examples = read(tmp_path)
    assert list(examples.labels) == ["ab", "ab", "c", "c"]
    assert examples.place(3) == "c/1.flac"
    assert read(tmp_path / "c").labels is None
    assert len(read(tmp_path / "c" / "1.flac")) == 1


def test_a_folder_without_sounds(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        read(tmp_path)
    kinds = ".wav, .flac, .ogg, .opus, .mp3"
    expected = f"{tmp_path}: no sound files ({kinds}) in it; give a folder of sound files for each word"
    assert str(error.value) == expected


def test_a_file_that_goes_behind_its_header(table: Path, monkeypatch: Any) -> None:
    path = table.parent / "wavs" / "0.wav"

    def read_and_remove(file: Path) -> Any:
        found = read_header(file)
        file.unlink()
        return found

    monkeypatch.setattr(clips, "read_header", read_and_remove)
    expected = f"{path}: cannot be read (No such file or directory); copy it again or remove it"
    assert read([path]).errors == {0: expected}


def test_lists_of_paths_and_of_arrays(table: Path, say: Any) -> None:
    wave = say("ab")
    pcm = (wave * 32767).astype(np.int16)
    examples = read([table.parent / "wavs" / "0.wav", (wave, 8000), (pcm, 8000), wave], ["ab"] * 4)
    assert [clip.rate for clip in examples.inputs] == [8000, 8000, 8000, 16000]
    sounds = [clip.sound(8000) for clip in examples.inputs[:3]]
    assert np.abs(sounds[0] - wave).max() < 1e-4 and np.abs(sounds[2] - wave).max() < 1e-3
    assert len(read([wave], rate=8000).inputs[0].sound(8000)) == len(wave)


def test_a_clip_names_what_it_holds(say: Any) -> None:
    one, same, other = read([say("ab"), say("ab"), say("ab", seed=1)]).inputs
    assert repr(one)[11:] == repr(same)[11:] != repr(other)[11:]
    assert "1920 samples" in repr(one)


def test_an_unreadable_file_is_an_error_of_its_row(table: Path) -> None:
    (table.parent / "wavs" / "1.wav").write_text("nothing")
    (table.parent / "wavs" / "3.wav").unlink()
    examples = read(table)
    reason = "(Format not recognised); convert it to WAV, FLAC, OGG or MP3"
    missing = "no such sound file; check the path (a relative one starts at the table's folder)"
    assert examples.errors == {
        1: f"1.wav: not a sound file {reason}",
        3: f"{table.parent}/wavs/3.wav: {missing}",
    }
    assert examples.take(np.array([3, 0])).errors == {0: f"{table.parent}/wavs/3.wav: {missing}"}


@pytest.mark.parametrize(
    ("data", "labels", "message"),
    [
        ([], None, "there are no recordings; give at least one"),
        ([np.zeros((2, 5))], None, "row 0: samples of the shape (2, 5); give a flat array of one channel"),
        ([np.array([np.nan])], None, "row 0: samples that are not finite numbers; give floats in [-1, 1]"),
        ([np.zeros(5)], ["a", "b"], "1 recordings but 2 transcripts; give one for each"),
        ([np.zeros(5)], [" "], "row 0 (row 0): transcript ' ' is not a text; give a string with words"),
    ],
)
def test_what_lists_cannot_hold(data: list[Any], labels: list[str] | None, message: str) -> None:
    with pytest.raises(DataError) as error:
        read(data, labels)
    assert str(error.value) == message


def test_transcripts_are_composed_and_single_spaced() -> None:
    assert clean(" e\u0301te\u0301\t  x\n") == "\u00e9t\u00e9 x"
