"""What is no recording of speech is an error of its row, in one line that says what and how to mend it."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.errors import DataError
from fourfold.speech.audio import AudioConfig, decode, read_header, resample
from fourfold.speech.data import read

WAVE = (0.3 * np.sin(np.arange(8000) * 0.1)).astype(np.float32)
CONVERT = "convert it to WAV, FLAC, OGG or MP3"
NUMBERS = "samples that are no finite numbers in [-1, 1]; convert it again or remove it"


def wav(*, rate: int = 8000, channels: int = 1, size: int | None = None, data: bytes = b"\1\2" * 4000) -> bytes:
    """Return a WAV of 16 bits with a header that says what it is told to."""
    width = 2 * channels
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, rate * width % 2**32, width, 16)
    head = struct.pack("<4sI", b"data", len(data) if size is None else size)
    return b"RIFF" + struct.pack("<I", 28 + len(data)) + b"WAVE" + form + head + data


def encoded(folder: Path, name: str, wave: np.ndarray = WAVE, **settings: str) -> bytes:
    soundfile.write(folder / name, wave, 8000, **settings)
    return (folder / name).read_bytes()


def spoiled(value: float) -> np.ndarray:
    wave = WAVE.copy()
    wave[7000] = value
    return wave


CONTENTS: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "text": (lambda _: b"hello, I am a text", f"not a sound file (Format not recognised); {CONVERT}"),
    "nothing": (lambda _: b"", "an empty file (0 bytes); copy it again or remove it"),
    "no samples": (lambda _: wav(data=b""), "a sound file without samples; record it again or remove it"),
    "half a header": (
        lambda _: wav()[:20], f"not a sound file (Error in WAV/W64/RF64 file. Malformed 'fmt ' chunk); {CONVERT}",
    ),
    "no channels": (lambda _: wav(channels=0), f"not a sound file (Channel count is zero); {CONVERT}"),
    "nine channels": (lambda _: wav(channels=9), "9 channels, more than 8; mix it down to one"),
    "1 Hz": (
        lambda _: wav(rate=1), "a sample rate of 1 Hz, not of 4,000 to 384,000; correct its header, or record it again",
    ),
    "10 MHz": (
        lambda _: wav(rate=10_000_000),
        "a sample rate of 10,000,000 Hz, not of 4,000 to 384,000; correct its header, or record it again",
    ),
    "half": (lambda _: wav()[:4044], "cut short (0.25 of 0.50 s are there); copy it again or remove it"),
    "header alone": (lambda _: wav()[:44], "cut short (no samples are there); copy it again or remove it"),
    "half a FLAC": (
        lambda folder: encoded(folder, "a.flac")[:1500], "damaged (flac decoder lost sync); copy it again or remove it",
    ),
    "half an OGG": (
        lambda folder: encoded(folder, "a.ogg")[:1500],
        f"not a sound file (Supported file format but file is malformed); {CONVERT}",
    ),
    "not a number": (lambda folder: encoded(folder, "a.wav", spoiled(np.nan), subtype="FLOAT"), NUMBERS),
    "infinite": (lambda folder: encoded(folder, "a.wav", spoiled(-np.inf), subtype="FLOAT"), NUMBERS),
    "too loud": (lambda folder: encoded(folder, "a.wav", spoiled(1e30), subtype="FLOAT"), NUMBERS),
}  # fmt: skip


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("as_bytes", [False, True])
def test_a_spoiled_file_is_an_error_of_its_row(tmp_path: Path, content: str, as_bytes: bool) -> None:
    make, why = CONTENTS[content]
    raw = make(tmp_path)
    (tmp_path / "x.wav").write_bytes(raw)
    examples = read([raw if as_bytes else tmp_path / "x.wav", WAVE], rate=8000)
    assert examples.errors == {0: f"{'recording' if as_bytes else 'x.wav'}: {why}"}


def test_half_an_mp3_is_cut_short(tmp_path: Path) -> None:
    raw = encoded(tmp_path, "a.mp3", np.tile(WAVE, 4))
    with pytest.raises(DataError, match=r"^b.mp3: cut short \(1\.\d\d of 4\.00 s are there\); copy it again or"):
        decode(raw[: len(raw) // 2], name="b.mp3")


def test_what_is_no_plain_file(tmp_path: Path) -> None:
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    (tmp_path / "device.wav").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.wav")
    names = ["folder.wav", "loop.wav", "device.wav", "pipe.wav", "a\0b.wav", "x" * 300 + ".wav"]
    errors = read([tmp_path / name for name in names]).errors
    assert list(errors.values()) == [
        "folder.wav: a folder, not a sound file; give the path of a recording",
        "'loop.wav': cannot be opened (too many levels of symbolic links); correct the path",
        "device.wav: not a plain file; give the path of a recording",
        "pipe.wav: not a plain file; give the path of a recording",
        r"'a\x00b.wav': cannot be opened (embedded null byte); correct the path",
        f"'{names[5]}': cannot be opened (file name too long); correct the path",
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    encoded(tmp_path, "x.wav")
    (tmp_path / "x.wav").chmod(0)
    why = "x.wav: you may not read it (permission denied); have its permissions changed"
    assert read([tmp_path / "x.wav"]).errors == {0: why}


def test_a_long_file_is_refused_by_its_header(tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "long.flac", "w", 4000, 1) as file:
        for _ in range(36):
            file.write(np.zeros(4_000_000, np.int16))
    raw = (tmp_path / "long.flac").read_bytes()
    (tmp_path / "long.flac").write_bytes(raw[:9000])  # what follows cannot be decoded, nor is it tried
    fix = "cut it into utterances, or raise features.audio.longest"
    assert read([tmp_path / "long.flac"]).errors == {
        0: f"long.flac: 36,000 s long, more than audio.longest (120 s); {fix}"
    }
    assert read([tmp_path / "long.flac"], audio=AudioConfig(longest=1e6)).errors[0].startswith("long.flac: damaged")


def test_a_header_that_says_too_little_is_not_believed() -> None:
    endless = wav(size=0xFFFFFFFF, data=b"\1\2" * 8000)  # as writers have it that cannot seek
    assert len(decode(endless)[0]) == 8000
    with pytest.raises(DataError, match=r"^x: 1 s long, more than audio.longest \(0.5 s\)"):
        decode(endless, name="x", longest=0.5)


def test_eight_channels_are_averaged(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", np.stack([WAVE] * 4 + [0 * WAVE] * 4, axis=1), 8000, subtype="FLOAT")
    assert np.abs(decode(tmp_path / "x.wav")[0] - WAVE / 2).max() < 1e-6


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3"])
def test_a_part_is_found_by_seeking(tmp_path: Path, ending: str) -> None:
    random = np.random.default_rng(0)
    wave = np.concatenate([0.4 * np.sin(np.arange(8000) * pace) for pace in random.uniform(0.05, 0.8, 6)])
    soundfile.write(tmp_path / f"x.{ending}", wave, 8000)
    whole, _ = decode(tmp_path / f"x.{ending}")
    part, rate = decode(tmp_path / f"x.{ending}", offset=2.25, duration=1.5)
    assert (len(part), rate) == (12000, 8000)
    assert np.abs(part - whole[18000:30000])[500:].max() < (1e-6 if ending in ("wav", "flac") else 0.05)
    assert len(decode(tmp_path / f"x.{ending}", offset=5.5, duration=3)[0]) == len(whole) - 44000
    with pytest.raises(DataError) as error:
        decode(tmp_path / "x.wav" if ending == "wav" else tmp_path / f"x.{ending}", offset=7)
    assert str(error.value) == f"x.{ending}: its part begins at 7 s, but it ends at 6 s; correct the offset"


def test_a_header_is_read_without_decoding(tmp_path: Path) -> None:
    raw = encoded(tmp_path, "x.flac")
    assert read_header(raw[:500]) == read_header(tmp_path / "x.flac")
    assert read_header(raw).seconds == 1 and read_header(raw).rate == 8000


@settings(max_examples=60)
@given(cut=st.integers(0, 8043), place=st.integers(0, 60), byte=st.integers(0, 255))
def test_no_damage_to_a_header_gets_further_than_an_error(cut: int, place: int, byte: int) -> None:
    raw = bytearray(wav()[: 8044 - cut])
    if place < len(raw):
        raw[place] = byte
    try:
        wave, rate = decode(bytes(raw), longest=10)
    except DataError as error:
        assert "\n" not in str(error)
    else:
        assert len(wave) and np.isfinite(wave).all() and 4000 <= rate <= 384_000


@pytest.mark.parametrize("rate", [47999, 44056, 96001, 7919])
def test_odd_rates_are_resampled_in_little_memory(rate: int) -> None:
    wave = np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32)
    got = resample(wave, rate, 8000)
    assert abs(len(got) - 8000) <= 1
    assert np.abs(got[:8000] - np.sin(2 * np.pi * 440 * np.arange(len(got[:8000])) / 8000))[200:-200].max() < 0.07


def test_unsigned_samples_are_centred() -> None:
    examples = read([(((WAVE + 1) * 127.5).astype(np.uint8), 8000)])
    assert np.abs(examples.inputs[0].sound(8000) - WAVE).max() < 0.02
