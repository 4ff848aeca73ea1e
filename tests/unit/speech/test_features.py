"""What is learned from recordings, what is left out, and what augmentation does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fourfold.core.batch import Draw
from fourfold.core.errors import ArtifactError, ConfigError, DataError
from fourfold.speech.audio import AudioConfig, log_mel, warped_places
from fourfold.speech.data import AugmentConfig, SpeechFeatures, SpeechFeaturesConfig, SpeechSource, read
from fourfold.speech.data.augment import warped

CONFIG = SpeechFeaturesConfig()


def source_of(lengths: list[int], augment: AugmentConfig | None = None) -> SpeechSource:
    frames = np.random.default_rng(0).standard_normal((sum(lengths), 40)).astype(np.float16)
    targets = [np.array([3, 4]) for _ in lengths]
    return SpeechSource(frames, np.array(lengths), targets, augment or AugmentConfig(), 2)


def test_frames_are_normalised_over_the_corpus(table: Path) -> None:
    features = SpeechFeatures.fit(read(table), CONFIG)
    source = features.source(read(table))
    assert features.audio.sample_rate == 8000
    frames = torch.cat([source.batch(np.array([row]))["frames"][0] for row in range(4)])
    assert frames.mean(0).abs().max() < 0.01
    assert (frames.std(0) - 1).abs().max() < 0.01
    assert source.lengths.tolist() == [1 + len(text) * 960 // 80 for text in ("ab", "ba", "ab c", "c")]


def test_each_utterance_can_be_normalised_by_itself(table: Path) -> None:
    features = SpeechFeatures.fit(read(table), replace(CONFIG, normalisation="utterance"))
    batch = features.source(read(table)).batch(np.array([2]))
    assert batch["frames"].mean(1).abs().max() < 0.01


def test_the_rate_is_the_lowest_of_the_corpus_or_the_one_set(table: Path, say: Any) -> None:
    mixed = read([(say("ab"), 8000), (say("ab", rate=44100), 44100)], ["ab", "ab"])
    assert SpeechFeatures.fit(mixed, CONFIG).audio.sample_rate == 8000
    high = read([(say("ab", rate=44100), 44100)], ["ab"])
    assert SpeechFeatures.fit(high, CONFIG).audio.sample_rate == 16000
    fixed = SpeechFeaturesConfig(audio=AudioConfig(sample_rate=11025))
    assert SpeechFeatures.fit(mixed, fixed).audio.sample_rate == 11025


def test_training_batches_hold_targets_and_others_none(table: Path) -> None:
    examples = read(table)
    features = SpeechFeatures.fit(examples, CONFIG)
    batch = features.source(examples, training=True).batch(np.array([3, 2]))
    assert batch["frames"].shape == (2, 49, 40) and batch["length"].tolist() == [13, 49]
    assert [features.vocabulary.decode(row) for row in batch["target"].tolist()] == ["c", "ab c"]
    assert batch["target_length"].tolist() == [1, 4]
    assert (batch["frames"][0, 13:] == 0).all()
    assert "target" not in features.source(examples).batch(np.array([0]))


def test_subsampling_follows_the_pace_of_the_speech(say: Any) -> None:
    paces = (0.3, 0.12, 0.05)
    slow, usual, fast = (read([(say("ab", seconds=pace), 8000)] * 3, ["ab"] * 3) for pace in paces)
    assert SpeechFeatures.fit(slow, CONFIG).subsampling == 8
    assert SpeechFeatures.fit(usual, CONFIG).subsampling == 4
    assert SpeechFeatures.fit(fast, CONFIG).subsampling == 2
    assert SpeechFeatures.fit(fast, replace(CONFIG, subsampling=4)).subsampling == 4


def test_what_ctc_cannot_align_is_left_out_by_name(table: Path) -> None:
    lines = table.read_text().replace("wavs/3.wav,c", "wavs/3.wav,aabbccaabb").splitlines()
    table.write_text("\n".join(lines))
    examples = read(table)
    source = SpeechFeatures.fit(examples, CONFIG).source(examples, training=True)
    assert source.left_out == ("train.csv:5 (3.wav)",)
    assert len(source) == 3 and len(SpeechFeatures.fit(examples, CONFIG).source(examples)) == 4
    hopeless = examples.take(np.array([3]))
    with pytest.raises(DataError) as error:
        SpeechFeatures.fit(hopeless, CONFIG).source(hopeless, training=True)
    assert str(error.value) == "train.csv: every transcript is longer than its recording; check the pairing"


def test_training_refuses_an_unreadable_file_by_name(table: Path) -> None:
    features = SpeechFeatures.fit(read(table), CONFIG)
    (table.parent / "wavs" / "1.wav").write_text("nothing")
    reason = "not a sound file (Format not recognised); convert it to WAV, FLAC, OGG or MP3"
    for refuse in (
        lambda: SpeechFeatures.fit(read(table), CONFIG),
        lambda: features.source(read(table), training=True),
        lambda: features.source(read(table)),
    ):
        with pytest.raises(DataError) as error:
            refuse()
        assert str(error.value) == f"train.csv:3: 1.wav: {reason}"


def test_training_needs_transcripts_of_known_characters(table: Path, say: Any) -> None:
    features = SpeechFeatures.fit(read(table), CONFIG)
    with pytest.raises(DataError) as error:
        features.source(read([say("ab")], ["aß"], rate=8000), training=True)
    assert str(error.value) == "row 0: character 'ß' is in no transcript that the model learned from"
    with pytest.raises(DataError) as error:
        SpeechFeatures.fit(read([say("ab")]), CONFIG)
    assert str(error.value) == "recordings: there are no transcripts; training needs one for each recording"


def test_save_and_load(table: Path, tmp_path: Path) -> None:
    examples = read(table)
    features = SpeechFeatures.fit(examples, CONFIG)
    features.save(tmp_path)
    loaded = SpeechFeatures.load(tmp_path, CONFIG)
    assert (loaded.audio, loaded.subsampling) == (features.audio, features.subsampling)
    assert loaded.vocabulary == features.vocabulary
    assert (loaded.source(examples).frames == features.source(examples).frames).all()
    (tmp_path / "vocabulary.json").write_text("{}")
    with pytest.raises(ArtifactError) as error:
        SpeechFeatures.load(tmp_path, CONFIG)
    assert str(error.value) == f"{tmp_path}/vocabulary.json: damaged ('sample_rate'); save the model again"
    (tmp_path / "vocabulary.json").unlink()
    with pytest.raises(ArtifactError) as error:
        SpeechFeatures.load(tmp_path, CONFIG)
    assert str(error.value) == f"{tmp_path}/vocabulary.json: no such file; save the model again"


@given(rows=st.permutations(range(6)), size=st.integers(1, 6), epoch=st.integers(0, 5))
def test_augmentation_is_the_rows_own_whatever_the_batch(rows: list[int], size: int, epoch: int) -> None:
    source, draw = source_of([30, 45, 220, 80, 31, 500]), Draw(3, epoch)
    batch = source.batch(np.array(rows[:size]), draw)
    for place, row in enumerate(rows[:size]):
        alone = source.batch(np.array([row]), draw)
        length = int(alone["length"][0])
        assert batch["length"][place] == length == source.drawn_lengths(draw)[row]
        assert (batch["frames"][place, :length] == alone["frames"][0]).all()
        assert (batch["frames"][place, length:] == 0).all()


def test_augmentation_changes_with_the_epoch_and_not_without_a_draw() -> None:
    source, rows = source_of([200, 100]), np.array([0, 1])
    plain = source.batch(rows)
    first, second = (source.batch(rows, Draw(0, epoch)) for epoch in (0, 1))
    assert first["frames"].shape != second["frames"].shape or not (first["frames"] == second["frames"]).all()
    assert (plain["frames"] == source.batch(rows)["frames"]).all()
    assert plain["length"].tolist() == [200, 100]


def test_speed_and_masks_stay_in_their_bounds() -> None:
    config = AugmentConfig()
    source = source_of([400] * 64)
    batch = source.batch(np.arange(64), Draw(0, 0))
    lengths = batch["length"].numpy()
    assert lengths.min() >= 400 / 1.1 - 1 and lengths.max() <= 400 / 0.9 + 1 and lengths.std() > 10
    hidden = (batch["frames"] == 0).numpy()
    for row, length in enumerate(lengths):
        assert hidden[row, :length].all(1).sum() <= 4 * config.time_width
        assert hidden[row, :length].all(0).sum() <= config.mel_masks * config.mel_width
    assert hidden.mean() > 0.05


@given(rows=st.permutations(range(4)), size=st.integers(1, 4))
def test_two_views_are_one_utterance_masked_differently(rows: list[int], size: int) -> None:
    chosen, draw = np.array(rows[:size]), Draw(3, 1)
    one = source_of([220, 180, 90, 500])
    two = replace(one, augment=replace(one.augment, views=2))
    first, both = one.batch(chosen, draw), two.batch(chosen, draw)
    assert (both["frames"][:size] == first["frames"]).all()
    assert both["length"].tolist() == first["length"].tolist() * 2
    assert (both["target"] == torch.cat([first["target"]] * 2)).all()
    seen = (both["frames"][:size] != 0) & (both["frames"][size:] != 0)
    assert (both["frames"][:size] == both["frames"][size:])[seen].all()
    assert not (both["frames"][:size] == both["frames"][size:]).all()
    assert (two.batch(chosen)["frames"] == one.batch(chosen)["frames"]).all()


def heard(features: SpeechFeatures, source: SpeechSource, epoch: int | None) -> list[str]:
    batch = source.batch(np.arange(len(source)), None if epoch is None else Draw(0, epoch))
    pairs = zip(batch["target"].tolist(), batch["target_length"].tolist(), strict=True)
    return [features.vocabulary.decode(row[:length]) for row, length in pairs]


def test_a_share_of_the_rows_follows_a_teacher(table: Path) -> None:
    examples = read(table)
    features = SpeechFeatures.fit(examples, CONFIG)
    own = features.source(examples, training=True)
    always = features.following(own, ["a", "", "xyz", "c" * 40], 1.0)
    assert heard(features, always, 0) == ["a", "ba", "ab c", "c"]  # nothing, unknown and too long: their own
    assert heard(features, always, None) == heard(features, own, 0)  # without augmentation the labels alone count
    half = features.following(own, ["b", "b", "b", "b"], 0.5)
    taken = [text == "b" for epoch in range(50) for text in heard(features, half, epoch)]
    assert 0.4 < np.mean(taken) < 0.6


def test_no_augmentation_is_the_plain_batch() -> None:
    source = source_of([50, 20], AugmentConfig(speed=0, mel_width=0, time_width=0))
    rows = np.array([1, 0])
    assert (source.batch(rows, Draw(0, 0))["frames"] == source.batch(rows)["frames"]).all()


def test_faster_speech_can_still_be_aligned() -> None:
    frames = np.zeros((20 * 10, 40), np.float16)
    targets = [np.array([3] * 5) for _ in range(20)]  # five equal characters need nine steps
    source = SpeechSource(frames, np.full(20, 18), targets, AugmentConfig(speed=0.4), 2)
    assert source.batch(np.arange(10), Draw(0, 0))["length"].min() == 18


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: AugmentConfig(speed=0.5), "augment.speed (0.5) must lie in [0, 0.5)"),
        (lambda: AugmentConfig(mel_width=-1), "augment.mel_width (-1) must be 0 (off) or above"),
        (
            lambda: SpeechFeaturesConfig(flat_start=2),
            "features.flat_start (2) must lie in [0, 1]: a share of training",
        ),
        (lambda: AugmentConfig(views=3), "augment.views (3) must be 1 or 2"),
        (lambda: AugmentConfig(time_every=0), "augment.time_every (0) must be 1 or above"),
        (lambda: AugmentConfig(time_share=2), "augment.time_share (2) must lie in [0, 1]"),
        (
            lambda: SpeechFeaturesConfig(subsampling=3),
            "features.subsampling (3) must be 0 (automatic), 2, 4 or 8",
        ),
    ],
)
def test_settings_out_of_range(build: Any, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        build()
    assert str(error.value) == message


def test_words_are_the_units_where_there_are_few(say: Any, tmp_path: Path) -> None:
    texts = ["ab c", "c ab"] * 5
    few = read([(say(text), 8000) for text in texts], texts)
    features = SpeechFeatures.fit(few, CONFIG)
    assert features.vocabulary.words and features.vocabulary.units == ("ab", "c")
    features.save(tmp_path)
    assert SpeechFeatures.load(tmp_path, CONFIG).vocabulary == features.vocabulary
    other = read([(say("ab"), 8000)], ["ab d"])
    with pytest.raises(DataError) as error:
        features.source(other, training=True)
    assert str(error.value) == "row 0: word 'd' is in no transcript that the model learned from"
    assert not SpeechFeatures.fit(few, replace(CONFIG, units="characters")).vocabulary.words
    assert SpeechFeatures.fit(other, replace(CONFIG, units="words")).vocabulary.units == ("ab", "d")


@pytest.mark.parametrize(
    ("name", "there"), [("units", "auto, characters, words, bpe or unigram"), ("normalisation", "corpus or utterance")]
)
def test_an_unknown_choice_is_named(name: str, there: str) -> None:
    with pytest.raises(ConfigError) as error:
        SpeechFeaturesConfig(**{name: "word"})  # type: ignore[arg-type]
    assert str(error.value) == f"features.{name} ('word') must be {there}"


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_a_warped_tone_lies_where_its_frequency_went(factor: float) -> None:
    audio = AudioConfig(sample_rate=16000)

    def tone(hertz: float) -> npt.NDArray[np.float32]:
        return log_mel(np.sin(2 * np.pi * hertz * np.arange(8000) / 16000).astype(np.float32), audio)

    places = warped_places(np.array([factor]), audio.mels, 16000)
    moved, wanted = warped(tone(1000)[None], places)[0], tone(1000 * factor)
    assert (abs(moved.argmax(axis=1) - wanted.argmax(axis=1)) <= 1)[2:-2].all()
    assert (tone(1000).argmax(axis=1) != wanted.argmax(axis=1)).all()


def test_a_factor_of_one_warps_nothing_and_epochs_differ() -> None:
    source = source_of([60, 80], AugmentConfig(speed=0, mel_masks=0, time_share=0, warp=0.2))
    places = warped_places(np.ones(2), source.frames.shape[1], source.rate)
    plain = source.batch(np.arange(2))["frames"].numpy()
    assert np.allclose(warped(plain, places), plain, atol=1e-5)
    first, again, second = (source.batch(np.arange(2), Draw(0, epoch))["frames"] for epoch in (0, 0, 1))
    assert (first == again).all() and (first != second).any() and (first != torch.from_numpy(plain)).any()
