"""Tables hold paths or bytes, transcripts, speakers and parts of files; NeMo's manifests come from elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.tables import read_table
from fourfold.speech.data import Recordings, clean, read
from fourfold.speech.data.tables import list_table

TEXTS = ["ab", "ba", "ab c", "c"]


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def raw(table: Path) -> list[bytes]:
    return [(table.parent / "wavs" / f"{number}.wav").read_bytes() for number in range(4)]


def same_sounds(found: Any, other: Any) -> bool:
    pairs = zip(found.inputs, other.inputs, strict=True)
    return all((one.sound(8000) == two.sound(8000)).all() for one, two in pairs)


@pytest.mark.parametrize("form", ["bytes", "struct", "path in a struct", "array in a struct", "array"])
def test_cells_hold_sounds_in_many_ways(table: Path, form: str) -> None:
    plain = read(table)
    cells = {
        "bytes": lambda row: raw(table)[row],
        "struct": lambda row: {"bytes": raw(table)[row], "path": f"elsewhere/{row}.wav"},
        "path in a struct": lambda row: {"bytes": None, "path": f"{table.parent}/wavs/{row}.wav"},
        "array in a struct": lambda row: {"array": plain.inputs[row].sound(8000), "sampling_rate": 8000},
        "array": lambda row: plain.inputs[row].sound(16000),
    }
    frame = pd.DataFrame({"audio": [cells[form](row) for row in range(4)], "text": TEXTS})
    found = read(frame)
    assert found.errors == {} and list(found.labels) == TEXTS
    assert form == "array" or same_sounds(found, plain)
    if form == "struct":
        assert found.inputs[2].name == "2.wav"


def test_a_parquet_file_of_hugging_face(table: Path, tmp_path: Path) -> None:
    cells = [{"bytes": content, "path": f"{row}.wav"} for row, content in enumerate(raw(table))]
    cells[1] = {"bytes": b"spoiled", "path": "1.wav"}
    cells[3] = {"bytes": None, "path": None}
    pd.DataFrame({"audio": cells, "sentence": TEXTS, "client_id": list("xyxy")}).to_parquet(tmp_path / "t.parquet")
    found = read(tmp_path / "t.parquet")
    convert = "convert it to WAV, FLAC, OGG or MP3"
    assert found.errors == {
        1: f"1.wav: not a sound file (Format not recognised); {convert}",
        3: "column 'audio' is empty; fill it or remove the row",
    }
    assert [clip.speaker for clip in found.inputs] == list("xyxy")
    assert found.notes == (
        "t.parquet: column 'sentence' is taken for the transcripts",
        "t.parquet: column 'client_id' is taken for the speakers",
    )
    assert found.columns == {"input": "audio", "label": "sentence"}


def test_speakers_follow_their_rows(table: Path) -> None:
    frame = pd.read_csv(table).assign(speaker=["anna", "bert", "", None], audio=lambda x: f"{table.parent}/" + x.audio)
    found = read(frame).take(np.array([3, 1, 0]))
    assert isinstance(found.inputs, Recordings)
    assert [clip.speaker for clip in found.inputs] == [None, "bert", "anna"]


def test_an_empty_cell_is_an_error_of_its_row_and_an_empty_transcript_is_none(table: Path) -> None:
    table.write_text(table.read_text().replace("wavs/1.wav,ba", ",ba").replace("wavs/2.wav,ab c", "wavs/2.wav,"))
    found = read(table)
    assert found.errors == {1: "column 'audio' is empty; fill it or remove the row"}
    assert list(found.labels) == ["ab", "ba", "", "c"]


def test_nemos_manifest_from_elsewhere(table: Path) -> None:
    rows = [
        {"audio_filepath": f"tests/data/{table.parent.name}/wavs/{row}.wav", "duration": 99.0, "text": text}
        for row, text in enumerate(TEXTS)
    ]
    found = read(lines(table.with_name("train.json"), rows))
    assert list(found.labels) == TEXTS and same_sounds(found, read(table))
    assert found.notes == (
        f"train.json: 4 of 4 paths are not there as written; they were found without 'tests/data/{table.parent.name}/'",
    )
    assert found.place(2) == "train.json:3"


def test_the_longest_end_of_a_path_is_taken(table: Path) -> None:
    other = table.parent / "elsewhere" / "wavs"
    other.mkdir(parents=True)
    (other / "0.wav").write_bytes(raw(table)[3])
    rows = [{"audio_filepath": "/gone/elsewhere/wavs/0.wav"}, {"audio_filepath": r"C:\\data\\wavs\\0.wav"}]
    rows += [{"audio_filepath": "../nowhere/../wavs/8.wav"}]
    found = read(lines(table.with_name("m.jsonl"), rows))
    assert [len(clip.sound(8000)) for clip in found.inputs[:2]] == [960, 1920]
    assert list(found.errors) == [2] and "no such sound file" in found.errors[2]


def test_segments_are_parts_of_one_file(table: Path) -> None:
    spans = [(0.0, 0.12), (0.12, 0.12), (0.25, None), (0.36, 9.0)]
    rows = [{"audio": "wavs/2.wav", "offset": start, "duration": size, "text": "a"} for start, size in spans]
    found = read(lines(table.with_name("m.jsonl"), rows))
    whole = read(table).inputs[2].sound(8000)
    for clip, (start, size) in zip(found.inputs, spans, strict=True):
        end = len(whole) if size is None else round(8000 * (start + size))
        assert (clip.sound(8000) == whole[round(8000 * start) : end]).all()
    assert found.inputs.mels(found.inputs.resolved(_audio())).lengths.tolist() == [13, 13, 24, 13]
    assert len({repr(clip) for clip in found.inputs}) == 4  # so that a resumed run knows them apart


def _audio() -> Any:
    from fourfold.speech.audio import AudioConfig

    return AudioConfig()


@pytest.mark.parametrize(
    ("span", "why"),
    [
        ({"offset": -1}, "offset -1 is no number of seconds; correct it or leave it out"),
        ({"offset": "soon"}, "offset 'soon' is no number of seconds; correct it or leave it out"),
        ({"offset": 0, "duration": [1]}, "duration [1] is no number of seconds; correct it or leave it out"),
        ({"offset": 5}, "0.wav: its part begins at 5 s, but it ends at 0.24 s; correct the offset"),
    ],
)
def test_a_span_that_cannot_be(table: Path, span: dict[str, Any], why: str) -> None:
    found = read(lines(table.with_name("m.jsonl"), [{"audio": "wavs/0.wav", "text": "a"} | span]))
    assert found.errors == {0: why}


def test_durations_without_offsets_are_of_any_unit(table: Path) -> None:
    found = read(lines(table.with_name("m.jsonl"), [{"audio": "wavs/0.wav", "duration": 0.001, "text": "a"}]))
    assert len(found.inputs[0].sound(8000)) == 1920


_VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.lists(st.integers()))
_ROWS = st.fixed_dictionaries(
    {"audio_filepath": st.text(max_size=12) | _VALUES},
    optional={"offset": _VALUES, "duration": _VALUES, "text": st.text(max_size=20), "speaker": _VALUES},
)


@settings(max_examples=80)
@given(rows=st.lists(_ROWS, min_size=1, max_size=5))
def test_any_manifest_is_listed_row_by_row(rows: list[dict[str, Any]], tmp_path_factory: Any) -> None:
    path = lines(tmp_path_factory.mktemp("nemo") / "m.jsonl", rows)
    found = list_table(read_table(path), None, None)
    assert len(found.clips) == len(rows) and found.columns["input"] == "audio_filepath"
    if found.texts is not None:
        assert list(found.texts) == [clean(row.get("text", "")) for row in rows]
    for row, clip in enumerate(found.clips):
        assert row in found.errors or (0 <= clip.offset < np.inf and (clip.duration or 0) >= 0)
