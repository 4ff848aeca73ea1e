"""Streams: their transcripts are those of whole recordings, and their partial results grow."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from letters import sentences, spoken

from fourfold.core.errors import ConfigError, DataError
from fourfold.core.nn import TransformerConfig
from fourfold.core.training import predict
from fourfold.speech.audio import AudioConfig
from fourfold.speech.data import SpeechFeatures, SpeechFeaturesConfig, Vocabulary, read
from fourfold.speech.decode import Beam, DecodingConfig, Transcriber, Transcript
from fourfold.speech.language import LanguageConfig, estimate
from fourfold.speech.model import SpeechModel, SpeechModelConfig
from fourfold.speech.stream import Partial, SpeechStream
from fourfold.speech.task import SpeechTask

Floats = npt.NDArray[np.float32]
AUDIO = AudioConfig(sample_rate=8000, level="running", mels=10)


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
