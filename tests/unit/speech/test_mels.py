"""Frames are made once, in order, by any number of threads; where there are many they lie in the cache."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.errors import DataError
from fourfold.speech.audio import AudioConfig, log_mel
from fourfold.speech.data import Clip, MelTable, SpeechFeatures, SpeechFeaturesConfig, mel_of, read
from fourfold.speech.data.clips import open_clips
from fourfold.speech.data.mels import make_mels

AUDIO = AudioConfig(sample_rate=8000)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: Any) -> Path:
    monkeypatch.setenv("FOURFOLD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def two_threads() -> Iterator[None]:
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


def clips_of(table: Path) -> list[Clip]:
    return open_clips([Clip(f"{row}.wav", 0, file=table.parent / "wavs" / f"{row}.wav") for row in range(4)])[0]


def same(one: MelTable, other: MelTable) -> bool:
    names = ("frames", "moments", "about", "starts", "places")
    return one.errors == other.errors and all((getattr(one, name) == getattr(other, name)).all() for name in names)


def test_frames_are_those_of_log_mel(table: Path) -> None:
    clips = clips_of(table)
    found = make_mels(clips, AUDIO)
    for row, clip in enumerate(clips):
        mel = log_mel(clip.sound(8000), AUDIO)
        assert (found.of(row) == mel.astype(np.float16)).all()
        assert np.abs(found.moments[row] - [mel.mean(0), mel.std(0)]).max() < 0.01
    every = np.concatenate([found.of(row) for row in range(4)]).astype(np.float64)
    assert np.abs(np.array(found.overall()) - [every.mean(0), every.std(0)]).max() < 1e-4


def test_a_mel_that_never_changes_becomes_nothing() -> None:
    wave = np.sin(np.arange(8000) * 0.4).astype(np.float32)  # brought to 16 kHz there is nothing above 4
    for kind in ("corpus", "utterance"):
        config = SpeechFeaturesConfig(audio=AudioConfig(sample_rate=16000), normalisation=kind)  # type: ignore[arg-type]
        examples = read([(wave, 8000)], ["a"])
        batch = SpeechFeatures.fit(examples, config).source(examples).batch(np.array([0]))
        assert batch["frames"].abs().max() < 12 and batch["frames"][0, 20:80, -3:].abs().max() < 1


def test_the_cache_holds_what_memory_would(table: Path, cache: Path) -> None:
    clips = clips_of(table)
    (table.parent / "wavs" / "1.wav").write_bytes((table.parent / "wavs" / "1.wav").read_bytes()[:2000])
    clips[1] = replace(clips[1], digest="other")
    found = make_mels(clips, AUDIO, in_memory=0)
    assert isinstance(found.frames, np.memmap) and same(found, make_mels(clips, AUDIO))
    assert found.errors == {1: "1.wav: cut short (0.12 of 0.24 s are there); copy it again or remove it"}
    assert [path.name[:7] for path in cache.iterdir()] == ["speech-"]


def test_the_next_one_decodes_nothing(table: Path, cache: Path) -> None:
    first = make_mels(clips_of(table), AUDIO, in_memory=0)
    clips = clips_of(table)
    shutil.rmtree(table.parent / "wavs")
    assert same(make_mels(clips, AUDIO, in_memory=0), first)
    renamed = [replace(clip, name="x", file=b"gone") for clip in clips]
    assert same(make_mels(renamed, AUDIO, in_memory=0), first)  # the content counts


def test_other_contents_and_settings_have_other_frames(table: Path, cache: Path) -> None:
    clips = clips_of(table)
    for audio in (AUDIO, replace(AUDIO, mels=20), replace(AUDIO, hop=20.0), replace(AUDIO, sample_rate=16000)):
        make_mels(clips, audio, in_memory=0)
    make_mels([clips[0].part(0.05, 0.1), *clips[1:]], AUDIO, in_memory=0)
    make_mels(clips[::-1], AUDIO, in_memory=0)
    assert len(list(cache.iterdir())) == 6


@pytest.mark.parametrize("name", ["frames.bin", "moments.bin", "rows.npy", "facts.json"])
def test_a_spoiled_cache_is_made_again(table: Path, cache: Path, name: str) -> None:
    first = make_mels(clips_of(table), AUDIO, in_memory=0)
    frames = np.array(first.frames)
    (folder,) = cache.iterdir()
    (folder / name).write_bytes(b"\0" * 7)
    found = make_mels(clips_of(table), AUDIO, in_memory=0)
    assert (np.asarray(found.frames) == frames).all() and len(found) == 4


def test_a_file_that_goes_meanwhile_is_not_remembered_as_bad(table: Path, cache: Path) -> None:
    clips = clips_of(table)
    away = shutil.move(table.parent / "wavs" / "2.wav", table.parent / "2.wav")
    with pytest.raises(DataError, match="no such sound file"):
        make_mels(clips, AUDIO, in_memory=0)
    assert list(cache.iterdir()) == []
    shutil.move(away, table.parent / "wavs" / "2.wav")
    assert make_mels(clips, AUDIO, in_memory=0).errors == {}


def test_threads_change_nothing(table: Path, cache: Path, two_threads: None) -> None:
    clips = clips_of(table) * 10
    found = make_mels(clips, AUDIO)
    assert [len(found.of(row)) for row in range(4)] == [1 + len(clip.sound(8000)) // 80 for clip in clips[:4]]
    torch.set_num_threads(1)
    assert same(found, make_mels(clips, AUDIO))


def test_all_is_made_when_it_is_read(table: Path) -> None:
    examples = read(table)
    shutil.rmtree(table.parent / "wavs")
    features = SpeechFeatures.fit(examples, SpeechFeaturesConfig())
    source = features.source(examples.take(np.array([2, 0])), training=True)
    assert source.lengths.tolist() == [49, 25]
    assert mel_of(examples, 3, features.audio).shape == (13, 40)


@settings(max_examples=30)
@given(rows=st.lists(st.integers(0, 3), min_size=1, max_size=8))
def test_any_rows_can_be_taken(rows: list[int]) -> None:
    random = np.random.default_rng(0)
    examples = read(
        [(random.standard_normal(400 + 300 * row).astype(np.float32), 8000) for row in range(4)], list("abcd")
    )
    some = examples.take(np.array(rows))
    audio = some.inputs.resolved(AudioConfig())
    whole, found = examples.inputs.mels(audio), some.inputs.mels(audio)
    assert all((found.of(place) == whole.of(row)).all() for place, row in enumerate(rows))
    assert [clip.name for clip in some.inputs] == [f"row {row}" for row in rows]
    assert list(some.labels) == ["abcd"[row] for row in rows]


def test_a_full_disk_is_told(table: Path, cache: Path, monkeypatch: Any) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(DataError) as error:
        make_mels(clips_of(table), AUDIO, in_memory=0)
    fix = "make room, or name another folder in FOURFOLD_CACHE"
    assert str(error.value) == (
        f"{cache}: the frames of 0.0 hours of speech cannot be kept there (No space left on device); {fix}"
    )
    assert list(cache.iterdir()) == []


def test_the_facts_are_plain(table: Path, cache: Path) -> None:
    make_mels(clips_of(table), AUDIO, in_memory=0)
    (folder,) = cache.iterdir()
    assert json.loads((folder / "facts.json").read_text()) == {"errors": {}}
    assert np.load(folder / "rows.npy", allow_pickle=False)["length"].tolist() == [25, 25, 49, 13]
