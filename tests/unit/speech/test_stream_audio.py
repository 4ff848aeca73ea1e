"""Sound as it comes: the same frames and samples whatever the pieces, and what a pipe may bring."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from letters import tone

from fourfold.core.errors import ConfigError, DataError
from fourfold.speech.audio import (
    AudioConfig,
    MelStream,
    ResampleStream,
    arriving_bytes,
    arriving_file,
    decode,
    log_mel,
    resample,
)

Floats = npt.NDArray[np.float32]
SIZES = st.lists(st.integers(0, 700), max_size=12)


def noise(count: int, seed: int = 0) -> Floats:
    return (0.1 * np.random.default_rng(seed).standard_normal(count)).astype(np.float32)


def in_pieces(wave: Floats, sizes: list[int]) -> list[Floats]:
    return np.split(wave, np.minimum(np.cumsum(sizes, dtype=int), len(wave)))


def reader(data: bytes, most: int = 1 << 20) -> Callable[[int], bytes]:
    file = io.BytesIO(data)
    return lambda count: file.read(min(count, most))


def wav(samples: npt.NDArray[np.floating], subtype: str = "PCM_16", rate: int = 8000) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype=subtype)
    return file.getvalue()


@given(samples=st.integers(1, 3000), sizes=SIZES)
def test_frames_do_not_depend_on_the_pieces(samples: int, sizes: list[int]) -> None:
    config, wave = AudioConfig(sample_rate=8000, level="running"), noise(samples)
    stream = MelStream(config)
    found = np.concatenate([*(stream.feed(part) for part in in_pieces(wave, sizes)), stream.finish()])
    whole = log_mel(wave, config)
    assert found.shape == (1 + samples // 80, 40)
    assert np.abs(found - whole).max() <= 1e-6
    assert np.array_equal(found.astype(np.float16), whole.astype(np.float16))


def test_frames_come_sample_by_sample() -> None:
    config, wave = AudioConfig(sample_rate=8000, level="running"), tone("ab", 1)
    stream = MelStream(config)
    counts = [len(stream.feed(wave[place : place + 1])) for place in range(len(wave))]
    assert set(counts) == {0, 1} and counts.index(1) == 99  # half of a window of 200 samples
    assert sum(counts) + len(stream.finish()) == 1 + len(wave) // 80


@pytest.mark.parametrize(("rate", "window", "hop"), [(8000, 25, 10), (16000, 25, 10), (8000, 25.1, 5), (11025, 20, 7)])
def test_frames_are_those_of_the_utterance_but_for_the_level(rate: int, window: float, hop: float) -> None:
    """Each frame is that of `torch.stft`, moved by one number."""
    wave = tone("abc", 2, rate)
    plain, running = (
        log_mel(wave, AudioConfig(sample_rate=rate, window=window, hop=hop, level=level, range_db=500))
        for level in ("utterance", "running")
    )
    moved_TM = plain - running
    assert np.ptp(moved_TM, axis=1).max() <= 1e-4


def test_the_running_level_is_the_loudest_until_then_and_fades() -> None:
    config = AudioConfig(sample_rate=8000, level="running")
    loud, quiet = noise(8000), noise(80_000, 1) / 100
    both = log_mel(np.concatenate([loud, quiet]), config)
    assert both[5:100].max() <= 0 and both[5:100].max(1).mean() > -2
    decibels = 10 / np.log(10)
    after, later = (both[start : start + 50].max(1).mean() * decibels for start in (150, 1000))
    assert after == pytest.approx(-40, abs=4)
    assert later - after == pytest.approx(8.5, abs=1.5)  # a decibel a second
    alone = log_mel(quiet[:8000], config)
    assert alone.max() * decibels < -5  # not taken for speech, though nothing was louder
    assert log_mel(np.zeros(800, np.float32), config).max() * decibels == pytest.approx(-60)


def test_the_gain_of_what_is_loud_enough_changes_nothing() -> None:
    config, wave = AudioConfig(sample_rate=8000, level="running"), tone("abc", 3)
    assert np.abs(log_mel(wave, config) - log_mel(wave / 4, config)).max() <= 1e-4


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ConfigError) as error:
        AudioConfig(level="fixed")  # type: ignore[arg-type]
    assert str(error.value) == "audio.level ('fixed') must be one of utterance, running"


RATES = st.sampled_from([8000, 11025, 16000, 22050, 44100, 48000])


@settings(max_examples=40, deadline=None)
@given(rate=RATES, new=st.sampled_from([8000, 16000]), samples=st.integers(1, 2500), sizes=SIZES)
def test_resampling_does_not_depend_on_the_pieces(rate: int, new: int, samples: int, sizes: list[int]) -> None:
    wave, stream = noise(samples), ResampleStream(rate, new)
    found = np.concatenate([*(stream.feed(part) for part in in_pieces(wave, sizes)), stream.finish()])
    whole = resample(wave, rate, new)
    assert len(found) == len(whole)
    assert np.abs(found - whole).max() <= 1e-6


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_wav_through_a_pipe_is_that_of_the_file(subtype: str, channels: int) -> None:
    data = wav(np.random.default_rng(0).uniform(-0.5, 0.5, (1001, channels)), subtype)
    found = arriving_bytes(reader(data, 77), 16000)
    assert found.rate == 8000
    assert np.abs(np.concatenate(list(found.blocks)) - decode(data)[0]).max() <= 1e-7


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_size_that_the_writer_did_not_know_is_not_believed(size: int) -> None:
    data = wav(noise(400))
    place = data.index(b"data") + 4
    open_ended = data[:place] + size.to_bytes(4, "little") + data[place + 4 :]
    assert sum(map(len, arriving_bytes(reader(open_ended), 8000).blocks)) == 400


def test_what_comes_after_the_data_is_no_sound() -> None:
    data = wav(noise(400)) + b"LIST" + (8).to_bytes(4, "little") + b"\xff" * 8
    assert sum(map(len, arriving_bytes(reader(data), 8000).blocks)) == 400


def test_raw_samples_have_the_rate_of_the_model() -> None:
    samples = (noise(300) * 32768).astype("<i2")
    found = arriving_bytes(reader(samples.tobytes() + b"\x01", 7), 16000)  # half a sample more is left
    assert found.rate == 16000
    assert np.array_equal(np.concatenate(list(found.blocks)), (samples / 32768).astype(np.float32))


def _with_type(kind: int, channels: int, rate: int, bits: int) -> bytes:
    fields = ((kind, 2), (channels, 2), (rate, 4), (0, 4), (0, 2), (bits, 2))
    body = b"".join(value.to_bytes(size, "little") for value, size in fields)
    return b"RIFF\0\0\0\0WAVEfmt " + len(body).to_bytes(4, "little") + body + b"data\x04\0\0\0abcd"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "nothing came; pipe raw 16-bit mono PCM at 8000 Hz into it, or a WAV"),
        (b"\x01", "no samples came; record it again"),
        (wav(noise(0)), "no samples came; record it again"),
        (b"fLaC....", "FLAC, which cannot be read as it comes; pipe WAV or raw 16-bit PCM into it"),
        (b"OggS....", "OGG, which cannot be read as it comes; pipe WAV or raw 16-bit PCM into it"),
        (b"RIFF....AVI ", "a damaged WAV (RIFF without WAVE); pipe WAV or raw 16-bit PCM into it"),
        (b"RIFF....WAVE", "a damaged WAV (it ends before its data); pipe WAV or raw 16-bit PCM into it"),
        (
            b"RIFF....WAVEdata\x04\0\0\0abcd",
            "a damaged WAV (no format before its data); pipe WAV or raw 16-bit PCM into it",
        ),
        (b"RIFF....WAVEfmt \x10\0\0\0ab", "a damaged WAV (it ends in its header); pipe WAV or raw 16-bit PCM into it"),
        (_with_type(6, 1, 8000, 8), "a WAV of the type 6 with 8 bits, not PCM or floats; convert it to 16 bits"),
        (_with_type(1, 1, 100, 16), "a sample rate of 100 Hz, not of 4,000 to 384,000; correct its header"),
        (_with_type(1, 0, 8000, 16), "0 channels, not 1 to 8; mix it down to one"),
        (
            wav(np.full(10, np.nan), "FLOAT"),
            "samples that are no finite numbers in [-1, 1]; convert it again or remove it",
        ),
    ],
)
def test_what_is_no_sound_is_said(data: bytes, message: str) -> None:
    with pytest.raises(DataError) as error:
        list(arriving_bytes(reader(data), 8000).blocks)
    assert str(error.value) == f"standard input: {message}"


@given(rest=st.binary(max_size=200), good=st.integers(0, 60), most=st.integers(1, 50))
def test_any_bytes_are_sound_or_an_error(rest: bytes, good: int, most: int) -> None:
    data = wav(noise(8))[:good] + rest
    try:
        blocks = list(arriving_bytes(reader(data, most), 8000).blocks)
    except DataError:
        return
    assert blocks and all(np.isfinite(block).all() for block in blocks)


def test_a_file_comes_in_tenths_of_seconds(tmp_path: Path) -> None:
    path = tmp_path / "two.flac"
    soundfile.write(path, np.stack([noise(2000), noise(2000, 1)], axis=1), 8000)
    found = arriving_file(path)
    blocks = list(found.blocks)
    assert found.rate == 8000 and [len(block) for block in blocks] == [800, 800, 400]
    assert np.array_equal(np.concatenate(blocks), decode(path)[0])


def test_a_file_that_is_none_or_damaged(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such sound file"):
        arriving_file(tmp_path / "none.wav")
    (tmp_path / "short.wav").write_bytes(wav(noise(4000))[:5000])
    with pytest.raises(DataError) as error:
        arriving_file(tmp_path / "short.wav")
    assert str(error.value) == "short.wav: cut short (0.31 of 0.50 s are there); copy it again or remove it"
    soundfile.write(tmp_path / "spoiled.flac", noise(80_000), 8000)
    data = bytearray((tmp_path / "spoiled.flac").read_bytes())
    data[len(data) // 2 :] = b"\xff" * (len(data) - len(data) // 2)
    (tmp_path / "spoiled.flac").write_bytes(data)
    with pytest.raises(DataError, match=r"spoiled.flac: "):
        list(arriving_file(tmp_path / "spoiled.flac").blocks)
