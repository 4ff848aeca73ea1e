"""What `check` finds in recordings, and what of it stops training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile

from fourfold.core.errors import ConfigError, DataError
from fourfold.speech.audio import AudioConfig
from fourfold.speech.config import tiny
from fourfold.speech.data import SpeechFeaturesConfig
from fourfold.speech.pipeline import SpeechRecognizer


def frame(say: Any, texts: list[str], speakers: list[str] | None = None, first: int = 0) -> pd.DataFrame:
    """Return recordings of 8 kHz, each of its own noise."""
    cells = [
        {"array": say(text, first + row), "sampling_rate": 8000, "path": f"{row}.wav"} for row, text in enumerate(texts)
    ]
    return pd.DataFrame({"audio": cells, "text": texts} | ({"speaker": speakers} if speakers else {}))


def model(**features: Any) -> SpeechRecognizer:
    from dataclasses import replace

    config = tiny()
    return SpeechRecognizer(preset="linear", config=replace(config, features=SpeechFeaturesConfig(**features)))


def test_what_is_in_recordings(say: Any) -> None:
    found = model().check(frame(say, ["ab", "ba", "ab c", "c"], ["anna", "bert", "anna", "anna"]))
    assert found["hours"] == 0.0 and found["speakers"] == 2
    assert found["seconds"] == {"least": 0.12, "median": 0.24, "most": 0.48}
    assert found["sample rates"] == {"8000 Hz": 4}
    assert found["characters"] == {"a": 3, "b": 3, "c": 2, " ": 1}
    assert (found["nearly silent"], found["clipped"], found["empty transcripts"]) == (0, 0, 0)
    assert found["too long for CTC"] == {"subsampling 2": 0, "subsampling 4": 0}
    assert found["warnings"] == [] and found["fatal"] == []


def test_sounds_that_teach_nothing_are_named(say: Any) -> None:
    rows = frame(say, ["ab", "ba", "ab", "c"])
    cells = rows["audio"].tolist()  # the same objects
    cells[0]["array"] = 1e-4 * cells[0]["array"]
    cells[1]["array"] = (9 * cells[1]["array"]).clip(-1, 1)
    cells[2] |= {"array": say("ab", rate=4000), "sampling_rate": 4000}
    found = model(audio=AudioConfig(sample_rate=8000)).check(rows)
    assert (found["nearly silent"], found["clipped"]) == (1, 1)
    assert found["sample rates"] == {"8000 Hz": 3, "4000 Hz": 1}
    low = "recorded at less than the model's 8,000 Hz (DataFrame row 2)"
    assert found["warnings"] == [
        f"DataFrame: 1 of 4 recordings is {low}; there is nothing above 2,000 Hz in some: set "
        "features.audio.sample_rate",
        "DataFrame: 1 of 4 recordings is nearly silent (DataFrame row 0); leave out what says nothing",
        "DataFrame: 1 of 4 recordings is clipped, 1% of the samples or more at full scale (DataFrame row 1); "
        "record less loud",
    ]


def test_the_same_sound_with_two_transcripts(say: Any, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "0.wav", say("ab", 5), 8000)
    soundfile.write(tmp_path / "1.flac", soundfile.read(tmp_path / "0.wav", dtype="int16")[0], 8000)
    soundfile.write(tmp_path / "2.wav", say("ab", 5), 8000)
    soundfile.write(tmp_path / "3.wav", say("ab", 6), 8000)
    (tmp_path / "t.csv").write_text("audio,text\n0.wav,ab\n1.flac,ba\n2.wav,ab\n3.wav,ab\n")
    assert model().check(tmp_path / "t.csv")["warnings"] == [
        "t.csv: 2 of 4 recordings sound the same as an earlier one (t.csv:3, t.csv:4); leave out what repeats",
        "t.csv: 3 of 4 recordings sound the same as one with another transcript (t.csv:2, t.csv:3, t.csv:4); "
        "settle which is right",
    ]


def test_transcripts_that_cannot_be_learned(say: Any) -> None:
    rows = frame(say, ["ab"] * 200)
    rows.loc[3, "text"] = "ab" * 9
    rows.loc[7, "text"] = ""
    found = model(units="characters").check(rows)
    assert found["empty transcripts"] == 1 and found["too long for CTC"]["subsampling 2"] == 1 and not found["fatal"]
    fix = "nothing is learned of them"
    assert found["warnings"] == [
        f"DataFrame: 1 of 200 recordings has an empty transcript (DataFrame row 7); {fix}",
        f"DataFrame: 1 of 200 recordings is too short for CTC to align with its transcript (DataFrame row 3); {fix}",
    ]


def test_too_many_empty_transcripts_stop_training(say: Any) -> None:
    rows = frame(say, ["ab", "ba", "b", "c"])
    rows.loc[2, "text"] = " "
    with pytest.raises(DataError) as error:
        model().fit(rows)
    assert str(error.value) == "DataFrame row 2: column 'text' is empty; fill it or remove the row"
    assert model(unreadable=0.3).fit(rows, valid=0).facts_["train_rows"] == 4


def test_transcripts_that_are_all_too_long_stop_training(say: Any) -> None:
    rows = frame(say, ["ab", "ba"]).assign(text=["ab" * 20, "ba" * 20])
    with pytest.raises(DataError) as error:
        model().fit(rows)
    assert str(error.value) == "DataFrame: every transcript is longer than its recording; check the pairing"


def test_what_test_recordings_share_with_those_for_training(say: Any) -> None:
    train = frame(say, ["ab", "ba", "ab c"], ["anna", "bert", "carl"])
    test = pd.concat([train.iloc[[1]], frame(say, ["c", "b"], ["anna", "dora"], first=7)])
    test.iloc[2, 1] = "bß"
    found = model().check(train, test=test)
    assert found["test"]["recordings in both"] == 1 and found["test"]["recordings by speakers of both"] == 2
    assert found["warnings"] == [
        "DataFrame: 1 of 3 recordings are in DataFrame too (DataFrame row 0); what is measured on them is too good",
        "DataFrame: 2 of 3 recordings are by speakers of DataFrame (anna, bert); voices that nobody has heard "
        "fare worse",
        "DataFrame: characters that DataFrame does not have ('ß'); nobody learns them",
    ]
    assert model().check(train, test=train)["fatal"] == [
        "DataFrame: holds the same recordings as DataFrame; give rows that are not trained on"
    ]


def test_a_few_unreadable_recordings_are_left_out(say: Any) -> None:
    rows = frame(say, ["ab", "ba"] * 50)
    rows["audio"].tolist()[4] |= {"bytes": b"spoiled", "path": "4.wav"}
    recogniser = model()
    assert len(recogniser.read_labelled(rows)) == 99
    why = "4.wav: not a sound file (Format not recognised); convert it to WAV, FLAC, OGG or MP3"
    assert recogniser.check(rows)["warnings"][0] == (f"DataFrame: left out 1 of 100 rows (DataFrame row 4: {why})")
    with pytest.raises(DataError) as error:
        model(unreadable=0.0).fit(rows)
    assert str(error.value) == f"DataFrame row 4: {why}"


def test_speakers_are_held_out_whole_if_asked_for(say: Any) -> None:
    speakers = [name for name in "pqrst" for _ in range(8)]
    rows = frame(say, ["ab", "ba"] * 20, speakers)
    train, held_out, _ = model(group="speaker")._rows(rows, None, None, None, 0.2, 0)
    assert {clip.speaker for clip in train.inputs}.isdisjoint(clip.speaker for clip in held_out.inputs)
    assert len(held_out) == 8
    train, held_out, _ = model()._rows(rows, None, None, None, 0.2, 0)
    assert not {clip.speaker for clip in train.inputs}.isdisjoint(clip.speaker for clip in held_out.inputs)
    with pytest.raises(ConfigError) as error:
        model(group="speaker").fit(rows.drop(columns="speaker"))
    assert str(error.value) == (
        "features.group (speaker): DataFrame names no speakers; give it a column 'speaker', or set it to none"
    )
    with pytest.raises(ConfigError) as error:
        model(group="speaker").fit(rows.assign(speaker="anna"))
    assert str(error.value) == ("features.group (speaker): DataFrame names one speaker only (anna); set it to none")


def test_nothing_that_can_be_read(say: Any) -> None:
    found = model().check([np.zeros(9), np.zeros(9)])
    assert found["nearly silent"] == 2 and found["fatal"] == [
        "recordings: there are no labels; training needs one for each row"
    ]
    assert model().check([b"spoiled", b"too"])["hours"] == 0
